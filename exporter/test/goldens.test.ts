import { execa } from 'execa';
import { expect, test } from 'vitest';
import { need } from '../../test/helpers/parts.ts';
import { goldens, readGolden } from './support/golden.ts';

const promtool = need('prometheus');

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
