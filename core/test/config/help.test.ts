import { optionsHelp } from '@inferometer/core/config/help';
import { variableName } from '@inferometer/core/config/options';
import { expect, test } from 'vitest';
import { table } from './table.ts';

test('names every option with what it takes, its choices and its default', () => {
  expect(optionsHelp(table)).toBe(`  --run TEXT              Run id. (default made up)
  --engine TEXT           Kind of server. (one of ollama, vllm)
  --run-dir PATH          Run directory.
  --listen HOST:PORT      Where to listen.
  --ollama URL            A server. (repeatable)
  --pushgateway URL       The Pushgateway.
  --push-interval TIME    Push pause. (default 5s)
  --sample-interval TIME  Tick. (default 1s)
  --quiet                 Says less.
  --config PATH           YAML file.
`);
});

test('no line is wider than 100 columns; what does not fit stands below', () => {
  const lines = optionsHelp({ name: { kind: 'text', help: 'word '.repeat(60).trim() } })
    .trimEnd()
    .split('\n');
  expect(lines.length).toBeGreaterThan(2);
  expect(Math.max(...lines.map(({ length }) => length))).toBeLessThanOrEqual(100);
  expect(lines.slice(1).every((line) => line.startsWith(' '.repeat(15) + 'word'))).toBe(true);
});

test.each([
  ['run', 'INFEROMETER_RUN'],
  ['pushgateway-password-file', 'INFEROMETER_PUSHGATEWAY_PASSWORD_FILE'],
])('the variable of %s is %s', (option, variable) => {
  expect(variableName(option)).toBe(variable);
});
