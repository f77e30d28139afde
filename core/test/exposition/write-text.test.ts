import { writeText } from '@inferometer/core/exposition/write-text';
import { expect, test } from 'vitest';

test('writes help and type before the samples of a family', () => {
  const text = writeText([
    {
      name: 'requests_total',
      type: 'counter',
      help: 'Requests.',
      samples: [
        { name: 'requests_total', labels: { model: 'llama3', outcome: 'ok' }, value: 3 },
        { name: 'requests_total', labels: {}, value: 1e21 },
      ],
    },
  ]);
  expect(text).toBe(`# HELP requests_total Requests.
# TYPE requests_total counter
requests_total{model="llama3",outcome="ok"} 3
requests_total 1e+21
`);
});

test('escapes what a label value and a help may not hold', () => {
  const text = writeText([
    { name: 'm', type: 'gauge', help: 'a\\b\n"c"', samples: [{ name: 'm', labels: { l: 'a\\b\n"c"' }, value: 0 }] },
  ]);
  expect(text).toBe('# HELP m a\\\\b\\n"c"\n# TYPE m gauge\nm{l="a\\\\b\\n\\"c\\""} 0\n');
});
