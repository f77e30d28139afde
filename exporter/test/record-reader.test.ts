import { appendFileSync, mkdirSync, mkdtempSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { encodeRecord } from '@inferometer/core/request-record';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { RecordReader } from '../src/requests/record-reader.ts';
import { record } from './support/records.ts';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'inferometer-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const line = (id: string) => encodeRecord(record({ request_id: id }));
const append = (name: string, text: string) => appendFileSync(join(folder, name), text);
const ids = async (reader: RecordReader) => (await reader.poll()).map(({ request_id: id }) => id);

test('each poll returns what was added since the last', async () => {
  const reader = new RecordReader(folder);
  append('1-1.jsonl', line('a') + line('b'));
  expect(await ids(reader)).toEqual(['a', 'b']);
  expect(await ids(reader)).toEqual([]);
  append('1-1.jsonl', line('c'));
  expect(await ids(reader)).toEqual(['c']);
});

test('a line that is not whole yet waits for its end', async () => {
  const reader = new RecordReader(folder);
  const [half, rest] = [line('b').slice(0, 40), line('b').slice(40)];
  append('1-1.jsonl', line('a') + half);
  expect(await ids(reader)).toEqual(['a']);
  append('1-1.jsonl', rest);
  expect(await ids(reader)).toEqual(['b']);
  expect(reader.malformed).toBe(0);
});

test('segments are read in the order of their names, other files not at all', async () => {
  const reader = new RecordReader(folder);
  append('1700000000002-7.jsonl', line('second'));
  append('1700000000001-9.jsonl', line('first'));
  append('notes.txt', line('none'));
  expect(await ids(reader)).toEqual(['first', 'second']);
});

test('lines that are no records are left out and counted', async () => {
  const reader = new RecordReader(folder);
  append('1-1.jsonl', `${line('a')}{"version":2}\nhello\n\n${line('b')}`);
  expect(await ids(reader)).toEqual(['a', 'b']);
  expect(reader.malformed).toBe(2);
});

test('a reader that was started anew reads everything again', async () => {
  append('1-1.jsonl', line('a'));
  await new RecordReader(folder).poll();
  append('2-2.jsonl', line('b'));
  expect(await ids(new RecordReader(folder))).toEqual(['a', 'b']);
});

test('a folder that is not there yet holds no records', async () => {
  expect(await new RecordReader(join(folder, 'later')).poll()).toEqual([]);
});

test('records of a poll that failed are in the next one', async () => {
  const reader = new RecordReader(folder);
  append('1-1.jsonl', line('a'));
  mkdirSync(join(folder, '2-2.jsonl'));
  await expect(reader.poll()).rejects.toThrow('EISDIR');
  rmdirSync(join(folder, '2-2.jsonl'));
  append('1-1.jsonl', line('b'));
  expect(await ids(reader)).toEqual(['a', 'b']);
});

test('a segment of any length is read whole', async () => {
  const count = 150_000;
  writeFileSync(join(folder, '1-1.jsonl'), line('a').repeat(count));
  expect(await new RecordReader(folder).poll()).toHaveLength(count);
});
