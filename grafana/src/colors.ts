/** Colours that mean the same on every panel. */
export const colors = {
  plain: 'text',
  idle: 'blue',
  running: 'green',
  succeeded: 'green',
  failed: 'red',
  aborted: 'orange',
  p50: 'super-light-blue',
  p90: 'light-blue',
  p95: 'blue',
  p99: 'dark-blue',
  mean: 'purple',
} as const;
