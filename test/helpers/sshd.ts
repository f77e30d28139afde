import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { poll } from './poll.ts';
import { freePort, type Running, start } from './programs.ts';

/** A login node: a real sshd on loopback with keys of its own, and the ssh options that reach it. */
export interface LoginNode extends Running {
  /** Arguments of ssh up to and with the destination. */
  readonly destination: readonly string[];
}

/** Starts an sshd that lets one key in. Its folder must be private to the user. */
export async function startSshd(dir: string): Promise<LoginNode> {
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  if (process.getuid?.() === 0) mkdirSync('/run/sshd', { recursive: true });
  const [hostKey, userKey] = [join(dir, 'host_key'), join(dir, 'user_key')];
  for (const key of [hostKey, userKey]) await execa('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', key]);
  writeFileSync(join(dir, 'authorized_keys'), readFileSync(`${userKey}.pub`));
  chmodSync(join(dir, 'authorized_keys'), 0o600);
  const port = await freePort();
  const config = [
    `Port ${port}`,
    'ListenAddress 127.0.0.1',
    `HostKey ${hostKey}`,
    `AuthorizedKeysFile ${join(dir, 'authorized_keys')}`,
    'StrictModes no',
    'UsePAM no',
    'PidFile none',
    'AllowTcpForwarding yes',
  ];
  writeFileSync(join(dir, 'sshd_config'), `${config.join('\n')}\n`);
  const { stdout: sshd } = await execa('sh', ['-c', 'command -v sshd']);
  const program = start(sshd, ['-D', '-e', '-f', join(dir, 'sshd_config')]);
  await poll('sshd to listen', () => (/Server listening/.test(program.output()) ? true : undefined), program.output);
  const options = ['StrictHostKeyChecking=no', 'UserKnownHostsFile=/dev/null', 'IdentitiesOnly=yes', 'LogLevel=ERROR'];
  const destination = [
    ...options.flatMap((option) => ['-o', option]),
    ...['-F', 'none', '-i', userKey, '-p', String(port), `${userInfo().username}@127.0.0.1`],
  ];
  return { ...program, destination };
}

/** A tunnel as a user makes it: `ssh -N -L <local port>:<host>:<port> <login node>`. */
export async function forward(login: LoginNode, to: URL): Promise<Running & { readonly local: string }> {
  const port = await freePort();
  const spec = `${port}:${to.hostname}:${to.port}`;
  const tunnel = start('ssh', ['-N', '-o', 'ExitOnForwardFailure=yes', '-L', spec, ...login.destination]);
  return { ...tunnel, local: `127.0.0.1:${port}` };
}
