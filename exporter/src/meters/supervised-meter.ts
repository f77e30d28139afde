import { spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { performance } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import { formatHostPort, type HostPort, parseHostPort, serverName } from '@inferometer/core/address';
import { ConfigError, InferometerError, messageOf } from '@inferometer/core/errors';
import { httpExchange } from '@inferometer/core/http-request';
import type { Log } from '@inferometer/core/log';
import type { MeterStatus } from '@inferometer/core/meter-status';
import type { Engine } from '@inferometer/core/request-record';

export interface MeterSetup {
  readonly engine: Engine;
  readonly upstream: URL;
  readonly listen: HostPort;
  readonly runDir: string;
  readonly node: string;
  readonly socketPath: string;
  /** Where the meter's own log goes. */
  readonly logPath: string;
  /** The program and arguments that stand before `meter`. */
  readonly program: readonly [string, ...string[]];
}

const startTimeoutMs = 15_000;
const statusTimeoutMs = 1000;
const restartPauseMs = 2000;

/** A meter process of our own, which is not a child that dies with us: one that runs already is taken over. */
export class SupervisedMeter {
  readonly server: string;
  readonly #setup: MeterSetup;
  readonly #log: Log;
  /** Where it is to listen; once it runs, where it does, so that clients find it again after a restart. */
  #listen: HostPort;
  /** The meter's process: one of ours, or one that an agent before us started. */
  #pid: number | undefined;
  #exit: { code: number | null } | undefined;
  #startedAt = -Infinity;
  #stopped = false;

  constructor(setup: MeterSetup, log: Log) {
    this.server = serverName(setup.upstream);
    this.#setup = setup;
    this.#listen = setup.listen;
    this.#log = log.with({ server: this.server });
  }

  get engine(): Engine {
    return this.#setup.engine;
  }

  /**
   * Resolves when the meter relays. Throws what the meter said when it ends instead, and INFEROMETER_CONFIG when one
   * that runs already listens elsewhere than asked for.
   */
  async start(): Promise<MeterStatus> {
    const running = await this.#ask();
    if (running) return this.#adopt(running);
    this.#spawn();
    const deadline = performance.now() + startTimeoutMs;
    while (performance.now() < deadline) {
      const status = await this.#ask();
      if (status) return status;
      if (this.#exit) throw this.#startFailure();
      await delay(20);
    }
    throw new InferometerError(
      'INFEROMETER_CHILD',
      `the meter of ${this.server} did not start; see ${this.#setup.logPath}`,
    );
  }

  /** The meter's status; undefined when it does not answer, and then it is started again. */
  async status(): Promise<MeterStatus | undefined> {
    const status = await this.#ask();
    const mayStart = !this.#stopped && !this.#isAlive() && performance.now() - this.#startedAt > restartPauseMs;
    if (!status && mayStart) {
      this.#log.warn('the meter ended; starting it again', { exit_code: this.#exit?.code ?? undefined });
      this.#spawn();
    }
    return status;
  }

  /** Resolves when the records of all requests that have ended are in their file, or cannot be. */
  async flush(): Promise<void> {
    await this.#ask('POST', '/flush');
  }

  /** Asks the meter to end when its connections have ended; does not wait for it. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#ask();
    if (this.#pid !== undefined && this.#isAlive()) process.kill(this.#pid, 'SIGTERM');
  }

  #adopt(running: MeterStatus): MeterStatus {
    const { listen } = this.#setup;
    const asked = formatHostPort(listen);
    if (listen.port === 0 || running.listen === asked) return running;
    const how = `end it (kill ${running.pid}) or ask for that address`;
    throw new ConfigError(`--meter-${running.engine} ${asked}: its meter runs already, at ${running.listen}; ${how}`);
  }

  #isAlive(): boolean {
    if (this.#pid === undefined || this.#exit) return false;
    try {
      return process.kill(this.#pid, 0);
    } catch {
      return false;
    }
  }

  async #ask(method: 'GET' | 'POST' = 'GET', path = '/status'): Promise<MeterStatus | undefined> {
    const { socketPath } = this.#setup;
    const url = new URL(path, 'http://meter');
    const answer = await httpExchange(url, { method, socketPath, timeoutMs: statusTimeoutMs }).catch(() => undefined);
    if (answer?.status !== 200) return undefined;
    const status = JSON.parse(answer.body) as MeterStatus;
    this.#pid = status.pid;
    this.#listen = parseHostPort(status.listen) ?? this.#listen;
    return status;
  }

  #spawn(): void {
    const { engine, upstream, runDir, node, socketPath, logPath, program } = this.#setup;
    const [command, ...before] = program;
    const args = ['meter', '--engine', engine, '--upstream', upstream.href, '--listen', formatHostPort(this.#listen)];
    const log = openSync(logPath, 'a', 0o600);
    const child = spawn(
      command,
      [...before, ...args, '--run-dir', runDir, '--node', node, '--status-socket', socketPath],
      {
        detached: true,
        stdio: ['ignore', 'ignore', log],
      },
    );
    closeSync(log);
    this.#pid = child.pid;
    this.#exit = undefined;
    this.#startedAt = performance.now();
    child.on('exit', (code) => (this.#exit = { code }));
    child.on('error', (error) => {
      this.#exit = { code: null };
      this.#log.error('the meter cannot be started', { cause: messageOf(error) });
    });
    child.unref();
  }

  #startFailure(): InferometerError {
    const lines = readFileSync(this.#setup.logPath, 'utf8').trim().split('\n').slice(-3);
    const code = this.#exit?.code === 2 ? 'INFEROMETER_CONFIG' : 'INFEROMETER_CHILD';
    return new InferometerError(code, [
      `the meter of ${this.server} ended at once:`,
      ...lines.map((line) => `  ${line}`),
    ]);
  }
}
