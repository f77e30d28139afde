import type { MetricFamily } from '@inferometer/core/exposition/family';
import type { Engine, RequestRecord } from '@inferometer/core/request-record';
import { EngineMetrics } from './engine-metrics.ts';
import { Instruments } from './instruments.ts';
import { ModelLabels } from './model-labels.ts';

/** The request metrics of metered servers, derived from request records alone. */
export class RequestMetrics {
  readonly models = new ModelLabels();
  readonly #instruments = new Instruments();
  readonly #engines = new Map<Engine, EngineMetrics>();

  /** Series of a request that has begun exist from then on, at 0, so that a rate sees its first increase. */
  begin(engine: Engine, server: string, model: string, endpoint: string): void {
    this.#of(engine).begin(server, model, endpoint);
  }

  /** Takes a finished request in. */
  add(record: RequestRecord): void {
    if (record.model !== undefined && isServed(record)) this.models.serve(record.model);
    this.#of(record.engine).add(record, this.models.labelOf(record.model));
  }

  /** `now` is wall time in seconds: records carry it over a restart of the agent. */
  async families(now: number): Promise<readonly MetricFamily[]> {
    return [
      ...(await this.#instruments.families()),
      ...[...this.#engines.values()].map((engine) => engine.throughput(now)),
    ];
  }

  #of(engine: Engine): EngineMetrics {
    const known = this.#engines.get(engine) ?? new EngineMetrics(engine, this.#instruments);
    this.#engines.set(engine, known);
    return known;
  }
}

function isServed({ status }: RequestRecord): boolean {
  return status !== undefined && status < 300;
}
