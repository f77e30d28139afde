import { execa } from 'execa';
import { exitCodeOfSignal } from './signals.ts';

/**
 * Runs the user's command with our own input and output and resolves to its exit code: 128+n after signal n, 127 when
 * it cannot be found, 126 when it cannot be run. A TERM or INT that reaches us is passed on.
 */
export async function runPayload(command: readonly string[], terminated: Promise<NodeJS.Signals>): Promise<number> {
  const [file = '', ...args] = command;
  const child = execa(file, args, { stdio: 'inherit', reject: false, cleanup: false });
  void terminated.then((signal) => {
    // A terminal sends Ctrl-C to the payload too.
    if (signal !== 'SIGINT' || !process.stdin.isTTY) child.kill(signal);
  });
  const { exitCode, signal, cause } = await child;
  if (signal !== undefined) return exitCodeOfSignal(signal);
  if (exitCode !== undefined) return exitCode;
  const { code } = (cause ?? {}) as NodeJS.ErrnoException;
  process.stderr.write(`inferometer agent: ${file}: ${code === 'ENOENT' ? 'command not found' : String(cause)}\n`);
  return code === 'ENOENT' ? 127 : 126;
}
