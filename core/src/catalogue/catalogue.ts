import { type MetricDefinition, withPrefix } from './definition.ts';
import { ollamaMetrics, vllmMetricsOnly } from './engines.ts';
import { gpuMetrics, hostMetrics } from './hardware.ts';
import { inferometerMetrics } from './inferometer.ts';
import { meteredMetrics, requestMetrics, tokensPerRequest } from './requests.ts';

/** Every metric that Inferometer exposes, by name: the one place where a metric is defined. */
export const catalogue = {
  ...withPrefix('ollama', requestMetrics),
  ...withPrefix('ollama', meteredMetrics),
  ...ollamaMetrics,
  ...withPrefix('vllm', requestMetrics),
  ...withPrefix('vllm', meteredMetrics),
  ...withPrefix('vllm', tokensPerRequest),
  ...vllmMetricsOnly,
  ...gpuMetrics,
  ...hostMetrics,
  ...inferometerMetrics,
} as const satisfies Record<string, MetricDefinition>;

export type MetricName = keyof typeof catalogue;

/** The catalogue as a list of `[name, definition]`, in its order. */
export const metrics = Object.entries(catalogue) as readonly (readonly [MetricName, MetricDefinition])[];
