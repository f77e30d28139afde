// Programs that Inferometer works with and does not bring along. They are taken from the PATH; on Debian and its kin
// the missing ones come from its packages: unpacked into .cache/parts, which needs no root and starts no service, or
// installed where a program only works installed.
import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { root } from './dependencies.mjs';
import { step, warn } from './say.mjs';

const folder = join(root, '.cache', 'parts');

/** The pages of Debian's Prometheus and Pushgateway use scripts and fonts of these packages. */
const pages = [
  'libjs-bootstrap4',
  'libjs-d3',
  'libjs-eonasdan-bootstrap-datetimepicker',
  'libjs-jquery',
  'libjs-jquery-hotkeys',
  'libjs-moment',
  'libjs-moment-timezone',
  'libjs-mustache',
  'libjs-popper.js',
  'libjs-rickshaw',
  'fonts-glyphicons-halflings',
];

/** Each part: the programs it is there by (one name of each list), its Debian packages, and how they are had. */
export const parts = {
  prometheus: { programs: [['prometheus'], ['promtool']], packages: ['prometheus', ...pages], unpack: true },
  pushgateway: {
    programs: [['prometheus-pushgateway', 'pushgateway']],
    packages: ['prometheus-pushgateway', ...pages],
    unpack: true,
  },
  ssh: { programs: [['sshd'], ['ssh'], ['ssh-keygen']], packages: ['openssh-server', 'openssh-client'] },
  slurm: {
    programs: [['slurmctld'], ['slurmd'], ['sbatch'], ['munged']],
    packages: ['slurmctld', 'slurmd', 'slurm-client', 'munge'],
    // slurmd starts jobs as root alone.
    asRoot: true,
  },
  shellcheck: { programs: [['shellcheck']], packages: ['shellcheck'] },
  compose: { programs: [['docker-compose']], packages: ['docker-compose'] },
};

process.env.PATH = [process.env.PATH, join(folder, 'usr', 'bin'), '/usr/sbin', '/sbin'].join(delimiter);

const isRoot = process.getuid?.() === 0;

/** True when every program of the part is on the PATH and can be run by this user. */
export function hasPart(name) {
  const { programs, asRoot } = parts[name];
  return (isRoot || !asRoot) && programs.every((names) => names.some(onPath));
}

function onPath(program) {
  return process.env.PATH.split(delimiter).some((dir) => {
    try {
      accessSync(join(dir, program), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

/** Provides the parts that are missing, where this machine lets us; says what it does and what it cannot do. */
export function ensureParts(names) {
  const missing = names.filter((name) => !hasPart(name));
  if (missing.length === 0) return;
  if (onPath('apt-get') && onPath('dpkg')) fetchFromDebian(missing);
  for (const name of missing.filter((part) => !hasPart(part))) warn(`${name} is missing; ${howTo(name)}`);
}

/** The command that provides a part. */
export function howTo(name) {
  const { packages, asRoot } = parts[name];
  const install = `on Debian or Ubuntu: sudo apt-get install ${packages.filter((each) => !pages.includes(each)).join(' ')}`;
  return asRoot ? `run as root; ${install}` : install;
}

function fetchFromDebian(names) {
  const unpacked = names.filter((name) => parts[name].unpack);
  const installed = names.filter((name) => !parts[name].unpack);
  if (isRoot) run('apt-get', ['update', '-qq']);
  if (unpacked.length > 0) {
    step(`unpacking ${unpacked.join(' and ')} from Debian packages into .cache/parts`);
    unpack(packagesOf(unpacked));
  }
  if (installed.length > 0 && isRoot) {
    step(`installing ${installed.join(' and ')} from Debian packages`);
    const packages = packagesOf(installed);
    withoutServices(() => run('apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...packages]));
  }
}

function packagesOf(names) {
  return [...new Set(names.flatMap((name) => parts[name].packages))];
}

function unpack(packages) {
  const downloads = join(folder, 'deb');
  mkdirSync(downloads, { recursive: true });
  run('apt-get', ['download', '-qq', ...packages], downloads);
  for (const file of readdirSync(downloads)) run('dpkg', ['-x', join(downloads, file), folder]);
  rmSync(downloads, { recursive: true });
}

/** Debian starts what it installs; tests start their own. A policy-rc.d that is there already is left alone. */
function withoutServices(act) {
  const policy = '/usr/sbin/policy-rc.d';
  const isOurs = !existsSync(policy);
  if (isOurs) writeFileSync(policy, '#!/bin/sh\nexit 101\n', { mode: 0o755 });
  try {
    act();
  } finally {
    if (isOurs) rmSync(policy);
  }
}

function run(command, args, cwd = root) {
  const { status, stderr } = spawnSync(command, args, {
    cwd,
    stdio: ['ignore', 'ignore', 'pipe'],
    encoding: 'utf8',
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
  });
  if (status !== 0) warn(`${command} ${args[0]} failed: ${stderr.trim().split('\n').at(-1) ?? ''}`);
}
