import { canonicalBound, formatValue, parseValue } from '@inferometer/core/exposition/number';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

describe('canonicalBound', () => {
  // What Go's strconv.FormatFloat(v, 'g', -1, 64) gives, with ".0" where that has neither point nor exponent.
  test.each([
    ['1', '1.0'],
    ['1.0', '1.0'],
    ['0', '0.0'],
    ['-0', '0.0'],
    ['-1', '-1.0'],
    ['0.005', '0.005'],
    ['5e-3', '0.005'],
    ['0.0001', '0.0001'],
    ['1e-5', '1e-05'],
    ['0.00001', '1e-05'],
    ['100000', '100000.0'],
    ['123456.5', '123456.5'],
    ['999999', '999999.0'],
    ['1e6', '1e+06'],
    ['1000000', '1e+06'],
    ['1234567.5', '1.2345675e+06'],
    ['1e21', '1e+21'],
    ['1e100', '1e+100'],
    ['5e-324', '5e-324'],
    ['Inf', '+Inf'],
    ['+Inf', '+Inf'],
    ['-Inf', '-Inf'],
    ['+infinity', '+Inf'],
    ['nan', 'NaN'],
  ])('spells %s as %s', (text, canonical) => {
    expect(canonicalBound(text)).toBe(canonical);
  });

  test.each(['', 'fast', '1 ', ' 1', '0x10', '1_000', '1e', '.'])('leaves %j, which is no number, alone', (text) => {
    expect(canonicalBound(text)).toBe(text);
  });

  test('is idempotent', () => {
    const text = fc.oneof(fc.string(), fc.double().map(String));
    fc.assert(
      fc.property(text, (bound) => {
        expect(canonicalBound(canonicalBound(bound))).toBe(canonicalBound(bound));
      }),
    );
  });

  test('keeps the value and always shows a point or an exponent', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => {
        const canonical = canonicalBound(String(value));
        expect(Number(canonical)).toBe(value + 0);
        expect(canonical).toMatch(/[.e]/);
      }),
    );
  });
});

test('every double reads back from its text', () => {
  fc.assert(
    fc.property(fc.double(), (value) => {
      expect(parseValue(formatValue(value))).toBe(value);
    }),
  );
});

test.each([
  ['1.', 1],
  ['.5', 0.5],
  ['+2', 2],
  ['-3E+2', -300],
  ['NAN', NaN],
  ['+Inf', Infinity],
  ['-INFINITY', -Infinity],
])('%s is a value', (text, value) => {
  expect(parseValue(text)).toBe(value);
});

test.each(['', '-', '.', 'e5', '1e', '0x10', '0b1', '1_0', '1 2', '--1', 'one'])('%j is no value', (text) => {
  expect(parseValue(text)).toBeUndefined();
});
