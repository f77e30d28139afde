/** Kinds of requests that a load is made of, and what each is meant to end as. */
export const kinds = {
  ok: 'a complete answer',
  abort: 'the client leaves: after the first piece of a stream, else after 20 ms',
  error: 'status 500',
  busy: 'status 503',
  missing: 'status 404: a model that is not there',
  'stream-error': 'an error object after half of the tokens',
  truncate: 'a clean end without the end marker after half of the tokens',
  drop: 'the connection falls after half of the tokens',
} as const;

export type Kind = keyof typeof kinds;
export type Mix = Readonly<Partial<Record<Kind, number>>>;

/** Reads `ok=0.9,error=0.1`; what is wrong with it is thrown. Shares are weights, they need not add up to 1. */
export function parseMix(text: string): Mix {
  const shares = text.split(',').map((part) => {
    const [kind = '', share] = part.split('=');
    if (!Object.hasOwn(kinds, kind) || !(Number(share) >= 0)) {
      throw new Error(`--mix: "${part}" is not KIND=SHARE; kinds are ${Object.keys(kinds).join(', ')}`);
    }
    return [kind, Number(share)];
  });
  return Object.fromEntries(shares) as Mix;
}

/** Deals out kinds so that after every number of requests each kind is as near to its share as can be. */
export function dealer(mix: Mix): () => Kind {
  const entries = Object.entries(mix) as (readonly [Kind, number])[];
  const total = entries.reduce((sum, [, share]) => sum + share, 0);
  const owed = new Map<Kind, number>(entries.map(([kind]) => [kind, 0]));
  return () => {
    for (const [kind, share] of entries) owed.set(kind, (owed.get(kind) ?? 0) + share / total);
    const [kind] = [...owed].reduce((most, next) => (next[1] > most[1] + 1e-9 ? next : most));
    owed.set(kind, (owed.get(kind) ?? 0) - 1);
    return kind;
  };
}
