// npm start: shows Inferometer at work on this machine.
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { ensureDependencies, root } from './dependencies.mjs';
import { ensureParts } from './parts.mjs';

ensureDependencies();
ensureParts(['prometheus', 'pushgateway']);
const args = [join(root, 'bin', 'inferometer'), 'demo', ...process.argv.slice(2)];
const demo = spawn(process.execPath, args, { stdio: 'inherit' });
// A terminal sends Ctrl-C to the demo too: it ends by itself, and we with it.
process.on('SIGINT', () => {});
process.on('SIGTERM', () => demo.kill('SIGTERM'));
demo.on('exit', (code, signal) => (process.exitCode = signal ? 1 : code));
