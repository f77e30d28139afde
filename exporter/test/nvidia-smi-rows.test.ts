import { describe, expect, test } from 'vitest';
import { gpuFamilies } from '../src/collectors/nvidia-smi/families.ts';
import { chooseFields, parseFieldHelp, refusedField } from '../src/collectors/nvidia-smi/fields.ts';
import { parseRow } from '../src/collectors/nvidia-smi/row.ts';
import { fixtures } from './support/golden.ts';

test.each(fixtures('nvidia-smi'))('exposes the GPUs of $name', async (fixture) => {
  const names = fixture.read('query.txt').trim().split(',');
  const fields = chooseFields(new Set(names));
  expect(fields.map(({ name }) => name)).toEqual(names);
  const rows = fixture.read('input.csv').trimEnd().split('\n');
  await fixture.expect(gpuFamilies(rows.flatMap((line) => parseRow(line, fields) ?? [])));
});

describe('a row', () => {
  const fields = chooseFields(new Set(['index', 'uuid', 'power.draw']));
  const row = (line: string) => parseRow(line, fields);

  test.each([
    ['cells too few', '0, GPU-1'],
    ['cells too many', '0, GPU-1, 1.00, 2'],
    ['a message of the driver', 'GPU 00000000:0F:00.0: Detected Critical Xid Error'],
    ['an index that is none', '[N/A], GPU-1, 1.00'],
    ['no identity', '0, [GPU is lost], [GPU is lost]'],
    ['nothing', ''],
  ])('with %s is none of ours', (_, line) => {
    expect(row(line)).toBeUndefined();
  });

  test.each([
    ['226.00', 226],
    ['0', 0],
    ['-3', -3],
  ])('holds the number %s', (cell, number) => {
    expect(row(`0, GPU-1, ${cell}`)?.numbers.power).toBe(number);
  });

  test.each(['[N/A]', 'N/A', '[Not Supported]', '[Unknown Error]', '', '1.', '1e3', '226.00 W', 'ERR!', '0x1'])(
    'holds no number where the driver says "%s"',
    (cell) => {
      expect(row(`0, GPU-1, ${cell}`)?.numbers).not.toHaveProperty('power');
    },
  );
});

describe('the query', () => {
  test('asks for what the driver lists, by the spelling that it knows', () => {
    const help = [
      'List of valid properties to query for the switch "--query-gpu":',
      '',
      '"index"',
      'Zero based index of the GPU. Unlike "uuid" it changes.',
      '',
      '"gpu_uuid"',
      '"gpu.power.draw.average"',
      '"temperature.gpu" or "gpu_temperature"',
    ].join('\n');
    expect(chooseFields(parseFieldHelp(help)).map(({ name }) => name)).toEqual([
      'index',
      'gpu_uuid',
      'gpu.power.draw.average',
      'temperature.gpu',
    ]);
  });

  test('loses the field that the driver refuses', () => {
    expect(refusedField('Field "power.draw.average" is not a valid field to query.\n\n')).toBe('power.draw.average');
    expect(refusedField('No devices were found')).toBeUndefined();
  });
});
