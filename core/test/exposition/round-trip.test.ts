import { parseText } from '@inferometer/core/exposition/parse-text';
import { writeText } from '@inferometer/core/exposition/write-text';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { families } from './arbitraries.ts';

test('parsing what was written gives the same families, whatever their texts and values', () => {
  fc.assert(
    fc.property(families, (written) => {
      expect(parseText(writeText(written))).toEqual({ families: written, problems: [] });
    }),
  );
});

test.each([NaN, Infinity, -Infinity, -0, 5e-324, Number.MAX_VALUE])('%d survives writing and parsing', (value) => {
  const written = [{ name: 'm', type: 'gauge', help: '', samples: [{ name: 'm', labels: {}, value }] }] as const;
  expect(parseText(writeText(written)).families).toEqual(written);
});

test.each(['ends in blanks  ', 'ends in a carriage return\r', '\u{a0}begins with a no-break space', ''])(
  'the help %j survives writing and parsing',
  (help) => {
    const [family] = parseText(writeText([{ name: 'm', type: 'gauge', help, samples: [] }])).families;
    expect(family?.help).toBe(help);
  },
);

test('a label may have the name of a property that all objects have', () => {
  const labels = Object.fromEntries(['__proto__', 'constructor', 'toString'].map((name) => [name, 'x']));
  const samples = [{ name: 'm', labels, value: 1 }];
  const [family] = parseText(writeText([{ name: 'm', type: 'gauge', help: '', samples }])).families;
  expect(Object.entries(family?.samples[0]?.labels ?? {})).toEqual(Object.entries(labels));
});
