import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';

interface Loaded {
  readonly ready: Promise<void>;
  /** Whether the load is over. */
  there: boolean;
  users: number;
  expiresAt: number;
}

const details = {
  parent_model: '',
  format: 'gguf',
  family: 'llama',
  families: ['llama'],
  parameter_size: '8.0B',
  quantization_level: 'Q4_K_M',
};
const size = 4_920_753_328;
const forever = Date.UTC(2318, 0, 1);

/** The models of a simulated Ollama: which there are, and which are in memory until when. */
export class OllamaModels {
  readonly #names: readonly string[];
  readonly #loadMs: number;
  readonly #vramRatio: number;
  readonly #modifiedAt = timestamp();
  readonly #loaded = new Map<string, Loaded>();

  constructor(names: readonly string[], loadMs: number, vramRatio: number) {
    this.#names = names.map(fullName);
    this.#loadMs = loadMs;
    this.#vramRatio = vramRatio;
  }

  has(name: string): boolean {
    return this.#names.includes(fullName(name));
  }

  /** Resolves once the model is in memory, for as long as it is used. */
  async load(name: string): Promise<void> {
    this.#expire();
    const loaded = this.#loaded.get(fullName(name)) ?? {
      ready: sleep(this.#loadMs, undefined, { ref: false }),
      there: false,
      users: 0,
      expiresAt: 0,
    };
    loaded.users++;
    this.#loaded.set(fullName(name), loaded);
    await loaded.ready;
    loaded.there = true;
  }

  /** Ends a use; the model stays in memory for the time of `keep_alive`. */
  release(name: string, keepAlive: unknown): void {
    const loaded = this.#loaded.get(fullName(name));
    if (loaded === undefined) return;
    loaded.users--;
    loaded.expiresAt = expiry(keepAlive);
    this.#expire();
  }

  /** The body of `GET /api/tags`. */
  tags(): object {
    return { models: this.#names.map((name) => ({ ...identity(name), modified_at: this.#modifiedAt, size, details })) };
  }

  /** The body of `GET /v1/models`. */
  openAiList(): object {
    const created = Math.floor(Date.parse(this.#modifiedAt) / 1000);
    return { object: 'list', data: this.#names.map((id) => ({ id, object: 'model', created, owned_by: 'library' })) };
  }

  /** The body of `GET /api/ps`. */
  ps(): object {
    this.#expire();
    const there = [...this.#loaded].filter(([, loaded]) => loaded.there);
    const models = there.map(([name, { expiresAt }]) => ({
      ...identity(name),
      size,
      details,
      expires_at: timestamp(expiresAt || expiry(undefined)),
      size_vram: Math.round(size * this.#vramRatio),
      context_length: 4096,
    }));
    return { models };
  }

  #expire(): void {
    for (const [name, { users, expiresAt }] of this.#loaded) {
      if (users === 0 && expiresAt <= Date.now()) this.#loaded.delete(name);
    }
  }
}

/** RFC 3339 with nanoseconds, as Ollama writes times. */
export function timestamp(ms = Date.now()): string {
  const nanoseconds = String(Math.floor((performance.now() % 1) * 1e6)).padStart(6, '0');
  return new Date(ms).toISOString().replace('Z', `${nanoseconds}Z`);
}

function identity(name: string): { name: string; model: string; digest: string } {
  return { name, model: name, digest: createHash('sha256').update(name).digest('hex') };
}

function fullName(name: string): string {
  return name.includes(':') ? name : `${name}:latest`;
}

/** `keep_alive` is seconds, or a duration such as `10m`; a negative one is for ever; by default 5 minutes. */
function expiry(keepAlive: unknown): number {
  const match = /^(-?[\d.]+)(ms|s|m|h)?$/.exec(typeof keepAlive === 'string' ? keepAlive : '');
  const unit = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 }[match?.[2] ?? 's'] ?? 1000;
  const ms = typeof keepAlive === 'number' ? keepAlive * 1000 : match ? Number(match[1]) * unit : 300_000;
  return ms < 0 ? forever : Date.now() + ms;
}

export function isZero(keepAlive: unknown): boolean {
  return keepAlive === 0 || (typeof keepAlive === 'string' && /^0(\.0*)?(ms|s|m|h)?$/.test(keepAlive));
}
