import { execa } from 'execa';
import { expect, test } from 'vitest';
import { tool } from '../../prometheus/test/tool.ts';
import { goldens, readGolden } from './support/golden.ts';

const promtool = tool('promtool', 'apt-get install prometheus');

test.skipIf(promtool.skip).concurrent.each(goldens())(
  `promtool has nothing to say against %s${promtool.note}`,
  async (path) => {
    const { all } = await execa('promtool', ['check', 'metrics'], {
      input: readGolden(path),
      reject: false,
      all: true,
    });
    expect(all).toBe('');
  },
);
