import { withPrefix } from '@inferometer/core/catalogue/definition';
import { expect, test } from 'vitest';

test('definitions get a prefix in their names, and in their helps where they ask for it', () => {
  const definition = { type: 'gauge', unit: 'none', labels: [], source: 'here', since: '0.1.0' } as const;
  expect(withPrefix('vllm', { up: { ...definition, help: '{engine} is up, {engine} answers.' } })).toEqual({
    vllm_up: { ...definition, help: 'vllm is up, vllm answers.' },
  });
});
