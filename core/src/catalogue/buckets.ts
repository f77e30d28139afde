/*
 * Bucket bounds, in seconds or tokens. Each list holds vLLM's own bounds and the latency limits of MLPerf Inference
 * (llama2-70b, llama3.1-8b, llama3.1-405b, deepseek-r1 and gpt-oss-120b; Server and Interactive), so that the share
 * of requests within a limit is read off a bucket and never interpolated.
 */

export const latencyBuckets = [
  0.05, 0.1, 0.2, 0.3, 0.5, 0.8, 1, 1.5, 2, 2.5, 5, 10, 15, 20, 30, 40, 60, 120, 240, 480, 960, 1920,
] as const;

export const timeToFirstTokenBuckets = [
  0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.45, 0.5, 0.75, 1, 1.5, 2, 2.5, 3, 4.5, 5, 6, 7.5, 10, 20, 40, 80,
  160, 640,
] as const;

export const timePerOutputTokenBuckets = [
  0.005, 0.01, 0.015, 0.02, 0.025, 0.03, 0.04, 0.05, 0.075, 0.08, 0.1, 0.15, 0.175, 0.2, 0.3, 0.5, 1, 2.5,
] as const;

export const tokenBuckets = [
  1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 20_000, 50_000, 100_000, 200_000,
] as const;
