/** The value below which a part of the records lies: one of them, never a mean. Undefined of none. */
export function quantile(records: readonly number[], part: number): number | undefined {
  const sorted = Float64Array.from(records).toSorted();
  return sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))];
}

export function median(records: readonly number[]): number | undefined {
  return quantile(records, 0.5);
}
