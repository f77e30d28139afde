import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { stringify } from 'yaml';

/** Series as promtool writes them: `name{label="value"}` and values such as `0+5x60`, one every 5 s. */
export type InputSeries = Readonly<Record<string, string>>;

/** A query and what it answers at a time: labels in braces and a value each; thousandths are rounded away. */
export interface Expectation {
  readonly expr: string;
  readonly at: string;
  readonly answer: Readonly<Record<string, number>>;
}

/** Has Prometheus' own engine evaluate queries; rejects with its comparison when an answer differs. */
export async function evaluate(input: InputSeries, expectations: readonly Expectation[]): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'inferometer-promql-'));
  const file = {
    evaluation_interval: '5s',
    tests: [
      {
        interval: '5s',
        input_series: Object.entries(input).map(([series, values]) => ({ series, values })),
        promql_expr_test: expectations.map(({ expr, at, answer }) => ({
          expr: `round(${expr}, 0.001)`,
          eval_time: at,
          exp_samples: Object.entries(answer).map(([labels, value]) => ({ labels, value })),
        })),
      },
    ],
  };
  try {
    writeFileSync(join(folder, 'test.yaml'), stringify(file));
    await execa('promtool', ['test', 'rules', 'test.yaml'], { cwd: folder });
  } finally {
    rmSync(folder, { recursive: true });
  }
}
