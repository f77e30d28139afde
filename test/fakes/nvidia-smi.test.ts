import { execa } from 'execa';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, describe, expect, test } from 'vitest';

const program = join(import.meta.dirname, 'nvidia-smi');
const query = ['--query-gpu=index,uuid,power.draw', '--format=csv,noheader,nounits'];
const running: ReturnType<typeof run>[] = [];

type Case = Readonly<Record<string, string>>;

function run(args: readonly string[], settings: Case = {}) {
  const env = Object.fromEntries(Object.entries(settings).map(([name, text]) => [`FAKE_NVIDIA_SMI_${name}`, text]));
  return execa(program, args, { env, reject: false, stripFinalNewline: false });
}

/** A loop of 10 ms; `take` resolves with its next lines. */
function loop(settings: Case = {}, args = query) {
  const child = run([...args, '-lms', '10'], settings);
  running.push(child);
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const take = async (count: number) => {
    const taken: string[] = [];
    while (taken.length < count) {
      const { value, done } = await lines.next();
      if (done === true) break;
      taken.push(value);
    }
    return taken;
  };
  return { child, take };
}

afterEach(async () => {
  for (const child of running.splice(0)) {
    child.kill('SIGKILL');
    await child;
  }
});

describe.concurrent('one query', () => {
  test('prints a header with units and one row for each GPU, joined by comma and space', async () => {
    const { stdout, exitCode } = await run(['--query-gpu=index,name,power.draw,memory.total', '--format=csv'], {
      GPUS: '2',
      LOAD: '0.5',
    });
    expect(stdout).toBe(
      'index, name, power.draw [W], memory.total [MiB]\n' +
        '0, NVIDIA A100-SXM4-40GB, 226.00 W, 40960 MiB\n' +
        '1, NVIDIA A100-SXM4-40GB, 226.00 W, 40960 MiB\n',
    );
    expect(exitCode).toBe(0);
  });

  test('leaves header and units out when told to', async () => {
    const { stdout } = await run(query, { LOAD: '1' });
    expect(stdout).toBe('0, GPU-00000000-0000-4000-8000-000000000000, 400.00\n');
  });

  test('heads a column with the new name when an alias was asked for', async () => {
    const { stdout } = await run(['--query-gpu=clocks_throttle_reasons.active,clocks.sm', '--format=csv'], {
      LOAD: '0',
    });
    expect(stdout).toBe('clocks_event_reasons.active, clocks.current.sm [MHz]\n0x0000000000000001, 210 MHz\n');
  });

  test('answers for the GPUs of -i alone', async () => {
    const { stdout } = await run(['--query-gpu=index', '--format=csv,noheader', '-i', '0,2'], { GPUS: '4' });
    expect(stdout).toBe('0\n2\n');
  });

  test.each([
    ['a100-40gb', '[N/A], 226.00, 51'],
    ['t4', '[N/A], 40.00, N/A'],
    ['h100', '384.50, 384.50, 43'],
    ['l40s', '192.50, 192.50, N/A'],
  ])('%s reports average and instant power and memory temperature as its kind does', async (MODEL, row) => {
    const fields = '--query-gpu=power.draw.average,power.draw.instant,temperature.memory';
    const { stdout } = await run([fields, '--format=csv,noheader,nounits'], { MODEL, LOAD: '0.5' });
    expect(stdout).toBe(`${row}\n`);
  });

  test('used, free and reserved memory add up to the total', async () => {
    const fields = '--query-gpu=memory.used,memory.free,memory.reserved,memory.total';
    const { stdout } = await run([fields, '--format=csv,noheader,nounits']);
    const [used = NaN, free = NaN, reserved = NaN, total] = stdout.split(', ').map(Number);
    expect(used + free + reserved).toBe(total);
  });

  test('lists one process on a loaded GPU and none on an idle one', async () => {
    const args = ['--query-compute-apps=gpu_uuid,pid,used_memory', '--format=csv,noheader,nounits'];
    expect((await run(args, { LOAD: '1' })).stdout).toBe('GPU-00000000-0000-4000-8000-000000000000, 4242, 32278\n');
    expect((await run(args, { LOAD: '0' })).stdout).toBe('');
  });
});

describe.concurrent('messages go to stdout with the exit code of the real tool', () => {
  test.each<readonly [string, number, string, readonly string[], Case]>([
    [
      'an unknown field',
      2,
      'Field "nope" is not a valid field to query.\n',
      ['--query-gpu=name,nope,no', '--format=csv'],
      {},
    ],
    ['no format', 2, '"--format=" switch is missing.', ['--query-gpu=name'], {}],
    ['a bad format', 2, 'Format modifier is not recognized.', ['--query-gpu=name', '--format=xml'], {}],
    [
      'two queries',
      2,
      'Only one --query-* switch',
      ['--query-gpu=name', '--query-compute-apps=pid', '--format=csv'],
      {},
    ],
    ['a period of 0', 2, 'Provided [-l(ms) | --loop(-ms)=] value is incorrect', [...query, '-lms', '0'], {}],
    ['an unknown option', 255, 'ERROR: Option --badflag is not recognized', ['--badflag'], {}],
    [
      'no library',
      12,
      "NVIDIA-SMI couldn't find libnvidia-ml.so library in your system",
      query,
      { CASE: 'no-library' },
    ],
    ['no driver', 9, 'NVIDIA-SMI has failed because', query, { CASE: 'no-driver' }],
    ['no driver, asked for help', 9, 'NVIDIA-SMI has failed', ['--help-query-gpu'], { CASE: 'no-driver' }],
    ['a mismatch', 18, 'Failed to initialize NVML: Driver/library version mismatch\nNVML', query, { CASE: 'mismatch' }],
    ['no GPU', 6, 'No devices were found\n', query, { CASE: 'no-devices' }],
    ['no GPU to list', 0, 'No devices found.\n', ['-L'], { GPUS: '0' }],
    [
      'a lost GPU',
      15,
      'Unable to determine the device handle for GPU1: GPU is lost.',
      query,
      { CASE: 'lost-before-start', GPUS: '2' },
    ],
    ['a lost GPU left out', 0, '0, GPU-', [...query, '-i', '0'], { CASE: 'lost-before-start', GPUS: '2' }],
    [
      'a GPU that requires reset',
      0,
      '0, [GPU requires reset], [GPU requires reset]\n',
      query,
      { CASE: 'requires-reset' },
    ],
  ])('%s: exit %i', async (_, code, text, args, settings) => {
    const { exitCode, stdout, stderr } = await run(args, settings);
    expect({ exitCode, stderr }).toEqual({ exitCode: code, stderr: '' });
    expect(stdout.slice(0, text.length)).toBe(text);
  });
});

describe.concurrent('what it knows', () => {
  test('the help lists fields with their aliases, sections and texts', async () => {
    const { stdout } = await run(['--help-query-gpu']);
    expect(stdout).toMatch(/^List of valid properties to query for the switch "--query-gpu":\n\n"timestamp"\n/);
    expect(stdout).toContain('\n\n"clocks_event_reasons.active" or "clocks_throttle_reasons.active"\n');
    expect(stdout).toContain('\n\n"power.draw.average" or "gpu.power.draw.average"\n');
    expect(stdout).toContain('\n\nSection about memory properties\n');
  });

  test('every field of the help can be queried, by each of its names', async () => {
    const { stdout } = await run(['--help-query-gpu']);
    const names = stdout
      .split('\n')
      .filter((line) => /^"\S+"( or "\S+")*$/.test(line))
      .flatMap((line) => line.split(' or '));
    const list = names.map((name) => name.replaceAll('"', '')).join(',');
    const rows = await run([`--query-gpu=${list}`, '--format=csv,noheader,nounits']);
    expect(rows.exitCode).toBe(0);
    expect(rows.stdout.trimEnd().split(', ')).toHaveLength(names.length);
    expect(names.length).toBeGreaterThan(90);
  });

  test('a field that this driver lacks is neither listed nor accepted', async () => {
    const settings = { FIELDS_MISSING: 'power.draw.average,gpu.power.draw.average,clocks_event_reasons.active' };
    const { stdout } = await run(['--help-query-gpu'], settings);
    expect(stdout).not.toContain('power.draw.average');
    expect(stdout).toContain('\n"clocks_throttle_reasons.active"\n');
    const { exitCode } = await run(['--query-gpu=power.draw.average', '--format=csv'], settings);
    expect(exitCode).toBe(2);
  });

  test('-L and --version read as those of the real tool', async () => {
    expect((await run(['-L'], { MODEL: 'h100', GPUS: '2' })).stdout).toBe(
      'GPU 0: NVIDIA H100 80GB HBM3 (UUID: GPU-00000000-0000-4000-8000-000000000000)\n' +
        'GPU 1: NVIDIA H100 80GB HBM3 (UUID: GPU-00000000-0000-4000-8000-000000000001)\n',
    );
    expect((await run(['--version'])).stdout).toMatch(
      /^NVIDIA-SMI version {2}: 590\.48\.01\nNVML version {8}: 590\.48\n/,
    );
  });

  test('its own help says that it is simulated', async () => {
    const { stdout, exitCode } = await run(['--help']);
    expect(stdout).toContain('SIMULATED');
    expect(exitCode).toBe(0);
  });
});

describe('a loop', () => {
  test('goes on until SIGTERM and then exits 0', async () => {
    const { child, take } = loop({ GPUS: '2' });
    expect((await take(6)).map((line) => line.slice(0, 1)).join('')).toBe('010101');
    child.kill('SIGTERM');
    expect((await child).exitCode).toBe(0);
  });

  test('ends once its reader is gone, with the code that a shell gives for SIGPIPE', async () => {
    const { exitCode, stderr } = await execa(
      'bash',
      ['-c', `${program} ${query.join(' ')} -lms 10 | head -1 >/dev/null; exit \${PIPESTATUS[0]}`],
      { reject: false },
    );
    expect({ exitCode, stderr }).toEqual({ exitCode: 128 + 13, stderr: '' });
  });

  test('keeps a period of at least the interval', async () => {
    const { take } = loop({}, ['--query-gpu=timestamp', '--format=csv,noheader']);
    const [first = '', second = ''] = await take(2);
    expect(Date.parse(second) - Date.parse(first)).toBeGreaterThanOrEqual(9);
  });

  test('lost-midway: good rows for three cycles, then [GPU is lost] for ever, then exit 0', async () => {
    const { child, take } = loop({ CASE: 'lost-midway' });
    const lines = await take(6);
    expect(lines.slice(0, 3).every((line) => line.startsWith('0, GPU-'))).toBe(true);
    expect(lines.slice(3)).toEqual(Array.from({ length: 3 }, () => '0, [GPU is lost], [GPU is lost]'));
    child.kill('SIGTERM');
    expect((await child).exitCode).toBe(0);
  });

  test('foreign-lines: one line on an Xid error after the second cycle', async () => {
    const { take } = loop({ CASE: 'foreign-lines' });
    const lines = await take(5);
    expect(lines.findIndex((line) => line.includes('Xid'))).toBe(2);
    expect(lines.filter((line) => line.includes('Xid'))).toHaveLength(1);
  });

  test('torn-lines: a line comes in two pieces that are whole together', async () => {
    const { child } = loop({ CASE: 'torn-lines' });
    let text = '';
    let torn = false;
    for await (const chunk of child.stdout as AsyncIterable<Buffer>) {
      text += chunk.toString();
      torn ||= !text.endsWith('\n');
      if (torn && text.endsWith('\n')) break;
    }
    expect(text).toMatch(/^(0, GPU-\S+, \d+\.\d\d\n)+$/);
  });

  test('exits: it ends with exit 0 after three cycles, unasked', async () => {
    const { child, take } = loop({ CASE: 'exits' });
    expect(await take(10)).toHaveLength(3);
    expect((await child).exitCode).toBe(0);
  });

  test('hang: two cycles, then silence, alive until SIGTERM', async () => {
    const { child, take } = loop({ CASE: 'hang' });
    await take(2);
    const silence = new Promise((resolve) => setTimeout(resolve, 60, 'silent'));
    expect(await Promise.race([take(1), silence])).toBe('silent');
    expect(child.exitCode).toBeNull();
    child.kill('SIGTERM');
    expect((await child).exitCode).toBe(0);
  });

  test('the state file changes case and load of a running loop', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'fake-nvidia-smi-'));
    const STATE = join(folder, 'state.json');
    await writeFile(STATE, '{"load": 0}');
    const { child, take } = loop({ STATE });
    expect((await take(1))[0]).toMatch(/ 52\.00$/);
    await writeFile(STATE, '{"load": 1}');
    await takeUntil(take, / 400\.00$/);
    await writeFile(STATE, '{"case": "exits"}');
    expect((await child).exitCode).toBe(0);
    await rm(folder, { recursive: true });
  });
});

async function takeUntil(take: (count: number) => Promise<string[]>, pattern: RegExp): Promise<void> {
  for (;;) {
    const [line] = await take(1);
    if (line === undefined) throw new Error(`the loop ended without ${pattern.source}`);
    if (pattern.test(line)) return;
  }
}
