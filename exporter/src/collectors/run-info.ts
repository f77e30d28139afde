import { family } from '@inferometer/core/catalogue/readings';
import type { MetricFamily } from '@inferometer/core/exposition/family';
import type { Identity } from '@inferometer/core/identity';

/** What the run is, from Slurm's environment; exposed by the run's first node alone. */
export function runInfo(
  { rank, nodes }: Identity,
  env: Readonly<Record<string, string | undefined>>,
  version: string,
): readonly MetricFamily[] {
  if (rank !== 0) return [];
  const labels = {
    job_name: env['SLURM_JOB_NAME'] ?? '',
    partition: env['SLURM_JOB_PARTITION'] ?? '',
    account: env['SLURM_JOB_ACCOUNT'] ?? '',
    nodes: String(nodes),
    version,
  };
  return [family('inferometer_run_info', [{ labels, value: 1 }])];
}
