import type { Labels, MetricFamily, MetricType, Sample } from '@inferometer/core/exposition/family';
import fc from 'fast-check';

/** Any text of whole characters, with those that the text format escapes more often than chance has them. */
export const hostileText = fc
  .array(
    fc.oneof(fc.constantFrom('\\', '"', '\n', '\\n', '\r', '{', '}', ',', '#', ' ', '\u{a0}', '\u{2028}'), anyText()),
  )
  .map((parts) => parts.join(''));

function anyText() {
  return fc.string({ unit: 'binary', maxLength: 6 });
}

/** A help as the format can hold it: blanks before a help are part of no help. */
const help = hostileText.map((text) => text.replace(/^[ \t]+/, ''));

const labels: fc.Arbitrary<Labels> = fc.dictionary(fc.stringMatching(/^[a-zA-Z_][a-zA-Z0-9_]{0,5}$/), hostileText, {
  maxKeys: 4,
  noNullPrototype: true,
});

const partsOf: Record<MetricType, readonly string[]> = {
  counter: [''],
  gauge: [''],
  untyped: [''],
  histogram: ['_bucket', '_sum', '_count'],
  summary: ['', '_sum', '_count'],
};

/** No name ends like a part of a histogram, so that no family's name is that of another one's part. */
const familyNames = fc.uniqueArray(
  fc.stringMatching(/^[a-zA-Z_:][a-zA-Z0-9_:]{0,8}$/).map((name) => `${name}x`),
  { maxLength: 5 },
);

/** Families as an exposition may hold them: unique names, parts that fit the type, any value, any text. */
export const families: fc.Arbitrary<readonly MetricFamily[]> = familyNames.chain((names) =>
  fc.tuple(...names.map((name) => familyNamed(name))),
);

function familyNamed(name: string): fc.Arbitrary<MetricFamily> {
  const type = fc.constantFrom<MetricType>('counter', 'gauge', 'histogram', 'summary', 'untyped');
  return type.chain((chosen) => {
    const samples: fc.Arbitrary<readonly Sample[]> = fc.array(
      fc.record({
        name: fc.constantFrom(...partsOf[chosen]).map((part) => name + part),
        labels,
        value: fc.double(),
      }),
      { maxLength: 5 },
    );
    return fc.record({ name: fc.constant(name), type: fc.constant(chosen), help, samples });
  });
}
