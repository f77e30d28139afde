import {
  existsSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { type FileHandle, open as openFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decodeRecord, type RequestRecord } from '@inferometer/core/request-record';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { RecordWriter } from '../src/record-writer.ts';

let folder: string;
let writers: RecordWriter[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'inferometer-'));
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
});
afterEach(async () => {
  await Promise.all(writers.map((writer) => writer.close()));
  writers = [];
  vi.useRealTimers();
  rmSync(folder, { recursive: true, force: true });
});

const quiet = () => {};

function open(...parts: ConstructorParameters<typeof RecordWriter>): RecordWriter {
  const writer = new RecordWriter(...parts);
  writers.push(writer);
  return writer;
}

function record(id: string): RequestRecord {
  return {
    version: 1,
    request_id: id,
    engine: 'ollama',
    server: 'engine:11434',
    model: 'tiny',
    endpoint: 'generate',
    streamed: true,
    start_unix_seconds: 1,
    start_monotonic_seconds: 1,
    duration_seconds: 1,
    outcome: 'ok',
    status: 200,
    request_bytes: 1,
    response_bytes: 1,
  };
}

/** Ids of the records in the file; a line that is none fails. */
function ids(path: string): readonly (string | undefined)[] {
  const lines = readFileSync(path, 'utf8').split('\n').filter(Boolean);
  return lines.map((line) => decodeRecord(line)?.request_id);
}

test('a record is in its file within a second', async () => {
  const writer = open(folder, quiet);
  writer.write(record('a'));
  await vi.advanceTimersByTimeAsync(1000);
  await writer.flush();
  expect(ids(writer.path)).toEqual(['a']);
});

test('a flush puts all that was written so far into the file, in order', async () => {
  const writer = open(folder, quiet);
  for (const id of ['a', 'b', 'c']) writer.write(record(id));
  await writer.flush();
  writer.write(record('d'));
  await writer.flush();
  expect(ids(writer.path)).toEqual(['a', 'b', 'c', 'd']);
});

test('the file is for its owner alone, in a folder for its owner alone', async () => {
  const inner = join(folder, 'nodes', 'n1', 'requests');
  const writer = open(inner, quiet);
  writer.write(record('a'));
  await writer.close();
  expect(statSync(writer.path).mode & 0o777).toBe(0o600);
  expect(statSync(inner).mode & 0o777).toBe(0o700);
});

test('without records there is no file', async () => {
  const writer = open(folder, quiet);
  await writer.close();
  expect(existsSync(writer.path)).toBe(false);
});

test('records are kept while the folder cannot be written, trouble is reported, and they are written later', async () => {
  const trouble: unknown[] = [];
  const inner = join(folder, 'requests');
  const writer = open(inner, (error) => trouble.push(error));
  renameSync(inner, `${inner}.away`);
  writer.write(record('a'));
  await writer.flush();
  expect(trouble).toMatchObject([{ code: 'ENOENT' }]);
  renameSync(`${inner}.away`, inner);
  writer.write(record('b'));
  await vi.advanceTimersByTimeAsync(1000);
  await writer.flush();
  expect(ids(writer.path)).toEqual(['a', 'b']);
});

test('a file that fails is opened anew, so that a stale handle does not last', async () => {
  const writer = open(folder, quiet);
  symlinkSync('/dev/full', writer.path);
  writer.write(record('a'));
  await writer.flush();
  rmSync(writer.path);
  await writer.flush();
  expect(ids(writer.path)).toEqual(['a']);
});

test('half a line that an earlier write left behind spoils no record', async () => {
  const inner = join(folder, 'requests');
  const writer = open(inner, quiet);
  renameSync(inner, `${inner}.away`);
  writer.write(record('a'));
  await writer.flush();
  renameSync(`${inner}.away`, inner);
  writeFileSync(writer.path, '{"version":1,"request_id":"to');
  await writer.flush();
  expect(ids(writer.path)).toEqual([undefined, 'a']);
});

test('what cannot be held back any more is counted as lost', async () => {
  const inner = join(folder, 'requests');
  const writer = open(inner, quiet);
  renameSync(inner, `${inner}.away`);
  const id = 'x'.repeat(2 ** 20);
  for (let count = 0; count < 5; count += 1) writer.write(record(id));
  await writer.flush();
  expect(writer.lost).toBe(2);
});

test('lost is none again once the file can be written: what is held back counts anew', async () => {
  const writer = open(folder, quiet);
  const id = 'x'.repeat(2 ** 20);
  for (let round = 0; round < 3; round += 1) {
    for (let count = 0; count < 3; count += 1) writer.write(record(id));
    await writer.flush();
  }
  expect(writer.lost).toBe(0);
});

test('once closed it tries no more, even where the file cannot be written', async () => {
  const inner = join(folder, 'requests');
  const writer = open(inner, quiet);
  renameSync(inner, `${inner}.away`);
  writer.write(record('a'));
  await writer.close();
  expect(vi.getTimerCount()).toBe(0);
});

test('a write that stopped within a record goes on where it stopped, and no record is there twice', async () => {
  const writer = open(folder, quiet);
  const probe = await openFile(folder);
  const write = vi.spyOn(Object.getPrototypeOf(probe) as FileHandle, 'write');
  await probe.close();
  const full = Object.assign(new Error('disk quota exceeded'), { code: 'EDQUOT' });
  const inPart = function (this: FileHandle, bytes: Buffer) {
    write.mockRejectedValueOnce(full);
    return this.write(bytes.subarray(0, bytes.length - 40), 0);
  };
  write.mockImplementationOnce(inPart as unknown as FileHandle['write']);
  writer.write(record('a'));
  writer.write(record('b'));
  await writer.flush();
  expect(readFileSync(writer.path, 'utf8')).not.toMatch(/\n$/);
  await writer.flush();
  expect(ids(writer.path)).toEqual(['a', 'b']);
});
