/** A parsed JSON object; every field may be absent or of any type. */
export type Json = Readonly<Record<string, unknown>>;

/** Counts and durations as an engine reports them; what it does not report is absent. */
export interface Usage {
  readonly promptTokens?: number;
  readonly cachedPromptTokens?: number;
  readonly generatedTokens?: number;
  readonly serverTotalSeconds?: number;
  readonly serverLoadSeconds?: number;
  readonly serverPromptEvalSeconds?: number;
  readonly serverEvalSeconds?: number;
}

/** What one object of an answer says. */
export interface Seen {
  /** It carries content, thinking or a tool call. */
  readonly content?: boolean;
  /** It ends the answer well. */
  readonly done?: boolean;
  /** It is an error. */
  readonly failed?: boolean;
  /** The exchange asked for no inference, such as loading a model. */
  readonly isIdle?: boolean;
  /** The engine had another host answer. */
  readonly isRemote?: boolean;
  readonly model?: string;
  readonly usage?: Usage;
}

/** A wire format: what its objects say. Both functions are pure. */
export interface Wire {
  /**
   * True for an object that lies between the first content and the end, told without parsing it. It may miss some,
   * which are then parsed; it must never take one that ends the answer, fails it or counts its tokens.
   */
  isBetween(payload: Buffer): boolean;
  read(answer: Json): Seen;
}

/** The object in a field, or an empty one. */
export function object(value: unknown): Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Json) : {};
}

/** The objects in a list, or none. */
export function objects(value: unknown): readonly Json[] {
  return Array.isArray(value) ? value.map(object) : [];
}

export function text(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

/** A number of tokens; undefined for anything that is none. */
export function count(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 ? value : undefined;
}

/** True for a text or list that holds something. */
export function isFilled(value: unknown): boolean {
  return (typeof value === 'string' || Array.isArray(value)) && value.length > 0;
}

/** The fields that have a value. */
export function present<T extends object>(fields: { readonly [K in keyof T]: T[K] | undefined }): T {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as T;
}
