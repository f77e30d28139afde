import { defineConfig } from 'vitest/config';
// Programs that were unpacked for this clone are on the PATH of the tests too.
import './scripts/parts.mjs';

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          include: [
            '{core,meter,exporter,pushgateway-bridge,grafana,prometheus,cli,sbatch}/test/**/*.test.ts',
            'test/fakes/**/*.test.ts',
          ],
        },
      },
      { test: { name: 'contract', include: ['test/contract/**/*.test.ts'], testTimeout: 30_000 } },
      // They start servers and share two cores: one file at a time keeps their times honest.
      {
        test: {
          name: 'e2e',
          include: ['test/e2e/**/*.test.ts'],
          testTimeout: 120_000,
          hookTimeout: 120_000,
          fileParallelism: false,
        },
      },
      // On real engines that the user started: npm run verify:engines.
      { test: { name: 'verify', include: ['test/verify/**/*.test.ts'], testTimeout: 120_000, hookTimeout: 300_000 } },
    ],
  },
});
