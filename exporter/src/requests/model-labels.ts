/** Most models that get a label of their own; what clients send must not make series without bound. */
const maxModels = 50;

/**
 * Which models may stand in labels: the first 50 that were served with 2xx; all others are `other`. Records alone
 * decide, so that a restart of the agent, which reads them again, comes to the same labels.
 */
export class ModelLabels {
  readonly #served = new Set<string>();

  serve(model: string): void {
    if (this.#served.size < maxModels) this.#served.add(model);
  }

  /** True for a model that has a label, or gets one when it is served. */
  mayStand(model: string): boolean {
    return this.#served.has(model) || this.#served.size < maxModels;
  }

  labelOf(model: string | undefined): string {
    return model !== undefined && this.#served.has(model) ? model : 'other';
  }
}
