import { parseText } from '@inferometer/core/exposition/parse-text';
import { writeText } from '@inferometer/core/exposition/write-text';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { families, hostileText } from './arbitraries.ts';

test('keeps the buckets of every label set of a histogram', () => {
  const lines = ['a', 'b'].flatMap((model) => [
    `h_bucket{model="${model}",le="1.0"} 1`,
    `h_bucket{model="${model}",le="+Inf"} 2`,
    `h_sum{model="${model}"} 2.5`,
    `h_count{model="${model}"} 2`,
  ]);
  const { families: read } = parseText(['# TYPE h histogram', ...lines].join('\n'));
  expect(read).toHaveLength(1);
  expect(read[0]?.samples.map(({ name, labels }) => [name, labels['model'], labels['le']])).toEqual([
    ['h_bucket', 'a', '1.0'],
    ['h_bucket', 'a', '+Inf'],
    ['h_sum', 'a', undefined],
    ['h_count', 'a', undefined],
    ['h_bucket', 'b', '1.0'],
    ['h_bucket', 'b', '+Inf'],
    ['h_sum', 'b', undefined],
    ['h_count', 'b', undefined],
  ]);
});

test('a name that ends like a part of a histogram is a family of its own where there is no histogram', () => {
  const read = parseText('# TYPE job gauge\njob_count 1\n# TYPE s summary\ns_bucket 2\ns_sum 3\n').families;
  expect(read.map(({ name, samples }) => [name, samples.length])).toEqual([
    ['job', 0],
    ['job_count', 1],
    ['s', 1],
    ['s_bucket', 1],
  ]);
});

test('samples without a type are untyped', () => {
  expect(parseText('m 1\n').families).toEqual([
    { name: 'm', type: 'untyped', help: '', samples: [{ name: 'm', labels: {}, value: 1 }] },
  ]);
});

test('drops comments, blank lines and timestamps', () => {
  const { families: read, problems } = parseText('# a comment\n\n  \nm 1 1700000000000\nm{a="b"} 2 -5\n# EOF');
  expect(problems).toEqual([]);
  expect(read[0]?.samples.map(({ value }) => value)).toEqual([1, 2]);
});

test.each([
  ['blanks anywhere', ' m { a = "b" , c = "d" }  1 ', { a: 'b', c: 'd' }],
  ['a comma after the last label', 'm{a="b",} 1', { a: 'b' }],
  ['empty braces', 'm{} 1', {}],
  ['no blank after the braces', 'm{a="b"}1', { a: 'b' }],
  ['braces in a label value', 'm{a="},{"} 1', { a: '},{' }],
  ['escaped backslashes before a closing quote', String.raw`m{a="\\\\",b="\\\""} 1`, { a: '\\\\', b: '\\"' }],
  ['an escape that is none', String.raw`m{a="\x"} 1`, { a: '\\x' }],
  ['a carriage return before the line feed', 'm 1\r\n', {}],
])('accepts %s', (_, text, labels) => {
  const { families: read, problems } = parseText(text);
  expect(problems).toEqual([]);
  expect(read).toEqual([{ name: 'm', type: 'untyped', help: '', samples: [{ name: 'm', labels, value: 1 }] }]);
});

test('a type may end in a carriage return', () => {
  expect(parseText('# TYPE m counter\r\nm 1\r\n')).toMatchObject({ families: [{ type: 'counter' }], problems: [] });
});

describe('a line that cannot be read', () => {
  test.each([
    ['9m 1', 'no metric name in "9m 1"'],
    ['m', '"" is no value of m'],
    ['m x', '"x" is no value of m'],
    ['m 0x10', '"0x10" is no value of m'],
    ['m 1 2 3', 'text after the value of m'],
    ['m 1 soon', 'text after the value of m'],
    ['m{a} 1', 'malformed label in "m{a} 1"'],
    ['m{9="b"} 1', 'malformed label in "m{9="b"} 1"'],
    ['m{a="b} 1', 'unclosed value of label a in "m{a="b} 1"'],
    ['m{a="b"c="d"} 1', 'no comma or brace after label a in "m{a="b"c="d"} 1"'],
    ['m{a="b",a="c"} 1', 'label a twice in "m{a="b",a="c"} 1"'],
    ['# TYPE m kind', 'unknown type "kind" of m'],
    ['# TYPE m', 'unknown type "" of m'],
  ])('%j is reported: %s', (line, reason) => {
    expect(parseText(`ok 1\n${line}\nok{a="b"} 2\n`).problems).toEqual([{ line: 2, reason }]);
  });

  test.each(['node-1 5', 'node.5', 'node+1'])('%j is no sample of "node"', (line) => {
    expect(parseText(line)).toMatchObject({ families: [], problems: [{ line: 1 }] });
  });

  test('is quoted shortened', () => {
    const [problem] = parseText('!'.repeat(1000)).problems;
    expect(problem?.reason.length).toBeLessThan(100);
  });

  test('costs no other line', () => {
    const garbage = hostileText.map((text) => `!${text.replaceAll('\n', '')}`);
    fc.assert(
      fc.property(families, fc.array(fc.tuple(fc.nat(), garbage), { maxLength: 5 }), (written, insertions) => {
        const lines = writeText(written).split('\n');
        for (const [at, line] of insertions) lines.splice(at % (lines.length + 1), 0, line);
        const { families: read, problems } = parseText(lines.join('\n'));
        expect(read).toEqual(written);
        expect(problems.map(({ line }) => lines[line - 1]?.[0])).toEqual(insertions.map(() => '!'));
      }),
    );
  });
});

test('never throws, and reports each line at most once and in order', () => {
  const fragments = fc.constantFrom(
    'm',
    '{',
    '}',
    'a="',
    '"',
    ',',
    '\\',
    ' ',
    '\n',
    '#',
    '# TYPE ',
    '# HELP ',
    'h_sum',
    '1',
  );
  const text = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.array(fc.oneof(fragments, hostileText), { maxLength: 40 }).map((parts) => parts.join('')),
  );
  fc.assert(
    fc.property(text, (anything) => {
      const lines = parseText(anything).problems.map(({ line }) => line);
      expect(lines).toEqual([...new Set(lines)].toSorted((a, b) => a - b));
      expect(lines.every((line) => line >= 1 && line <= anything.split('\n').length)).toBe(true);
    }),
    { numRuns: 500 },
  );
});
