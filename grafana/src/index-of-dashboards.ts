import type { DashboardJson } from './dashboard-json.ts';
import { ollama } from './dashboards/ollama.ts';
import { vllm } from './dashboards/vllm.ts';

/** Every dashboard, by the name of its file in `grafana/dist`. */
export const dashboards: Readonly<Record<string, () => DashboardJson>> = { ollama, vllm };
