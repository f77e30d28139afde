import { family } from '@inferometer/core/catalogue/readings';
import type { MetricFamily } from '@inferometer/core/exposition/family';
import { cpu, osInfo } from 'systeminformation';

/** What the node is. systeminformation spawns programs for it, so it is asked once. */
export async function readInventory(): Promise<readonly MetricFamily[]> {
  const [processor, os] = await Promise.all([cpu(), osInfo()]);
  const labels = {
    cpu: `${processor.manufacturer} ${processor.brand}`.trim(),
    cores: String(processor.cores),
    os: `${os.distro} ${os.release}`.trim(),
    kernel: os.kernel,
  };
  return [family('host_info', [{ labels, value: 1 }])];
}
