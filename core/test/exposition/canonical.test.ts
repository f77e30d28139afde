import { canonicalFamily } from '@inferometer/core/exposition/canonical';
import type { Labels, MetricType } from '@inferometer/core/exposition/family';
import { expect, test } from 'vitest';

test.each<[MetricType, Labels, Labels]>([
  ['histogram', { model: 'a', le: '1' }, { model: 'a', le: '1.0' }],
  ['histogram', { quantile: '1' }, { quantile: '1' }],
  ['summary', { quantile: '0.50' }, { quantile: '0.5' }],
  ['summary', { le: '1' }, { le: '1' }],
  ['gauge', { le: '1', quantile: '1' }, { le: '1', quantile: '1' }],
])('a %s with labels %j is kept with labels %j', (type, labels, canonical) => {
  const family = canonicalFamily({ name: 'm', type, help: '', samples: [{ name: 'm_x', labels, value: 1 }] });
  expect(family.samples).toEqual([{ name: 'm_x', labels: canonical, value: 1 }]);
});
