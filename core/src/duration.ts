const milliseconds = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 } as const;

/** Milliseconds of a duration such as `500ms`, `5s`, `2m` or `1h`; undefined for any other text. */
export function parseDuration(text: string): number | undefined {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h)$/.exec(text);
  if (!match?.[1] || !match[2]) return undefined;
  return Number(match[1]) * milliseconds[match[2] as keyof typeof milliseconds];
}

/** The shortest text that `parseDuration` reads as these milliseconds. */
export function formatDuration(ms: number): string {
  const unit = (['h', 'm', 's'] as const).find((name) => ms > 0 && ms % milliseconds[name] === 0) ?? 'ms';
  return `${ms / milliseconds[unit]}${unit}`;
}
