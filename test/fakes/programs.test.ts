import { execa } from 'execa';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { describe, expect, test } from 'vitest';

function run(program: string, args: readonly string[]) {
  return execa('node', ['--import', 'tsx', join(import.meta.dirname, program), ...args], { reject: false });
}

/** A server on a free port, once it has said where it listens. */
async function start(program: string) {
  const server = run(program, ['--listen', '127.0.0.1:0', '--load-ms', '0', '--token-ms', '0']);
  let line = '';
  for await (line of createInterface({ input: server.stdout })) break;
  return { server, line, url: line.replace('listening on ', '') };
}

describe.concurrent('the programs', () => {
  test('vllm.ts says where it listens in one line, answers there, and ends with exit 0 on SIGTERM', async () => {
    const { server, line, url } = await start('vllm.ts');
    expect(line).toMatch(/^listening on http:\/\/127\.0\.0\.1:\d+$/);
    expect((await fetch(`${url}/v1/models`)).headers.get('x-simulated')).toBe('inferometer');
    server.kill('SIGTERM');
    expect(await server).toMatchObject({ exitCode: 0, stdout: line, stderr: '' });
  });

  test('load.ts loads ollama.ts and prints its summary as one line of JSON; SIGINT ends the server with exit 0', async () => {
    const { server, url } = await start('ollama.ts');
    const load = await run('load.ts', ['--url', url, '--engine', 'ollama', '--requests', '3', '--no-stream']);
    server.kill('SIGINT');
    expect((await server).exitCode).toBe(0);
    expect(load).toMatchObject({ exitCode: 0, stderr: '' });
    expect(JSON.parse(load.stdout)).toMatchObject({ requests: 3, ok: 3, generated_tokens: 48 });
  });

  test.each(['ollama.ts', 'vllm.ts'])('the help of %s says that it is simulated', async (program) => {
    expect(await run(program, ['--help'])).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('SIMULATED') });
  });

  test.each([
    ['an unknown option', 'ollama.ts', ['--nope'], '--nope'],
    ['an address that is not ours', 'ollama.ts', ['--listen', '203.0.113.1:1'], '203.0.113.1'],
    ['a number that is none', 'vllm.ts', ['--tokens', 'many'], '--tokens: needs a number'],
    ['a load without a server', 'load.ts', ['--engine', 'vllm'], '--url'],
  ])('%s is exit 2 and named on stderr', async (_, program, args, text) => {
    expect(await run(program, args)).toMatchObject({ exitCode: 2, stderr: expect.stringContaining(text) });
  });
});
