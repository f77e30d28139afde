import { setTimeout as delay } from 'node:timers/promises';
import type { AgentFile } from './agent-child.ts';
import { figuresOf, readSnapshot, statusLine } from './status-line.ts';

/** The demo's text: lines that stay, and on a terminal one line below them that changes. */
export class Screen {
  readonly #print: (text: string) => void;
  readonly #isTerminal = process.stdout.isTTY;
  #hasStatus = false;
  #isClosed = false;

  constructor(print: (text: string) => void) {
    this.#print = print;
  }

  line(text: string): void {
    this.#print(`${this.#clear()}${text}\n`);
  }

  lines(texts: readonly string[]): void {
    for (const text of texts) this.line(text);
  }

  /** What is under way. */
  progress(text: string): void {
    if (this.#isTerminal) this.#status(`... ${text}`);
    else this.line(`... ${text}`);
  }

  close(): void {
    this.#isClosed = true;
  }

  /** Shows the agent's figures, every second on a terminal, else every 5 s. */
  async showFigures(agent: URL): Promise<never> {
    for (;;) {
      const { families } = await readSnapshot(agent).catch(() => ({ families: [] }));
      const text = statusLine(figuresOf(families));
      if (this.#isClosed) await new Promise(() => undefined);
      if (this.#isTerminal) this.#status(text);
      else this.line(text);
      await delay(this.#isTerminal ? 1000 : 5000, undefined, { ref: false });
    }
  }

  #status(text: string): void {
    const columns = process.stdout.columns || 80;
    this.#print(`${this.#clear()}${text.slice(0, columns - 1)}`);
    this.#hasStatus = true;
  }

  #clear(): string {
    const code = this.#hasStatus ? '\r\u001b[2K' : '';
    this.#hasStatus = false;
    return code;
  }
}

export interface Addresses {
  readonly agent: AgentFile;
  readonly pushgateway: URL | undefined;
  readonly prometheus: URL | undefined;
}

const composePort = '19091';

/** What can be opened now, and what is missing. */
export function addressLines({ agent, pushgateway, prometheus }: Addresses): readonly string[] {
  const meters = agent.meters.map(
    ({ engine, listen }) => `  ${`${engine} clients`.padEnd(14)} http://${listen}   requests sent here are metered`,
  );
  return [
    'Open:',
    prometheus
      ? `  Prometheus     ${prometheus.origin}/graph?g0.expr=ollama_throughput_rps&g0.tab=0&g0.range_input=5m`
      : '  Prometheus     missing: no prometheus on the PATH (https://prometheus.io/download/)',
    `  Readings       http://${agent.http}/metrics`,
    pushgateway
      ? `  Pushgateway    ${pushgateway.origin}`
      : '  Pushgateway    missing: no pushgateway on the PATH (https://prometheus.io/download/)',
    `  Grafana        ${grafanaHint(pushgateway)}`,
    ...meters,
    'Ctrl-C ends it all.',
    '',
  ];
}

/** The compose stack looks for a Pushgateway on the port where the hand-made tunnel would end. */
function grafanaHint(pushgateway: URL | undefined): string {
  if (pushgateway?.port === composePort) {
    return 'with Docker: PROMETHEUS_PORT=9093 docker compose up -d, then http://127.0.0.1:3001';
  }
  return `with Docker: needs the Pushgateway on port ${composePort}, which it could not have`;
}
