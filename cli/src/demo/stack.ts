import { cpSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { answering, type Children } from './children.ts';
import { dockerBridge, freePort } from './ports.ts';

/** Where a program is, by the first of its names that is on the PATH. */
export function findProgram(...names: readonly string[]): string | undefined {
  const folders = (process.env['PATH'] ?? '').split(delimiter);
  return names.flatMap((name) => folders.map((folder) => join(folder, name))).find((path) => existsSync(path));
}

/** Starts a Pushgateway where the hand-made tunnel of the laptop stack would end, so that its Prometheus finds it. */
export async function startPushgateway(children: Children): Promise<URL | undefined> {
  const command = findProgram('prometheus-pushgateway', 'pushgateway');
  if (!command) return undefined;
  const port = await freePort(19091);
  const hosts = ['127.0.0.1', dockerBridge()].filter((host) => host !== undefined);
  const url = new URL(`http://127.0.0.1:${port}`);
  const listen = hosts.map((host) => `--web.listen-address=${host}:${port}`);
  const args = ['--persistence.file=', ...listen, ...localAssets(command, 'pushgateway')];
  await children.start({ name: 'pushgateway', command, args }, answering(new URL('/-/ready', url)));
  return url;
}

/** Starts a Prometheus with the laptop stack's own configuration and this Pushgateway as its target. */
export async function startPrometheus(
  children: Children,
  { sources, folder, pushgateway }: { sources: string; folder: string; pushgateway: URL },
): Promise<URL | undefined> {
  const command = findProgram('prometheus');
  if (!command) return undefined;
  const config = join(folder, 'prometheus');
  mkdirSync(join(config, 'targets'), { recursive: true });
  cpSync(join(sources, 'prometheus.yml'), join(config, 'prometheus.yml'));
  cpSync(join(sources, 'dist'), join(config, 'dist'), { recursive: true });
  writeFileSync(join(config, 'targets', 'pushgateway.json'), JSON.stringify([{ targets: [pushgateway.host] }]));
  const url = new URL(`http://127.0.0.1:${await freePort(9092)}`);
  const args = [
    `--config.file=${join(config, 'prometheus.yml')}`,
    `--storage.tsdb.path=${join(folder, 'tsdb')}`,
    `--web.listen-address=${url.host}`,
    ...localAssets(command, 'web'),
  ];
  await children.start({ name: 'prometheus', command, args }, answering(new URL('/-/ready', url)));
  return url;
}

/** Debian's builds keep their pages in a folder, which is elsewhere when the package was unpacked elsewhere. */
function localAssets(command: string, name: string): readonly string[] {
  const folder = join(dirname(command), '..', 'share', 'prometheus', name);
  return existsSync(folder) && dirname(command) !== '/usr/bin' ? [`--web.local-assets=${folder}`] : [];
}
