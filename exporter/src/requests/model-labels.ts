/** Most models that get a label of their own; what clients send must not make series without bound. */
const maxModels = 50;

/** Which models may stand in labels: those that a server served or lists, the first 50; all others are `other`. */
export class ModelLabels {
  readonly #admitted = new Set<string>();

  admit(model: string): void {
    if (this.#admitted.size < maxModels) this.#admitted.add(model);
  }

  has(model: string): boolean {
    return this.#admitted.has(model);
  }

  labelOf(model: string | undefined): string {
    return model !== undefined && this.#admitted.has(model) ? model : 'other';
  }
}
