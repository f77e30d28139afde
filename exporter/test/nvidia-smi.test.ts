import { describe, expect, test, vi } from 'vitest';
import { collect, program } from './support/nvidia-smi.ts';

const gpu = (index: number) => `{uuid="GPU-00000000-0000-4000-8000-00000000000${index}",gpu="${index}"}`;
const patient = { timeout: 15_000, interval: 20 };

describe.concurrent('nvidia-smi', { timeout: 20_000 }, () => {
  test('has a reading for each GPU', async (context) => {
    const { lines, reading } = collect(context, program(context, { GPUS: '2', LOAD: '0.5' }).path);
    await reading();
    await vi.waitUntil(() => lines('gpu_power_watts').length === 2, patient);
    expect(lines('gpu_power_watts')).toEqual([`gpu_power_watts${gpu(0)} 226`, `gpu_power_watts${gpu(1)} 226`]);
    expect(lines('inferometer_collector_up').join()).toMatch(/ 1$/);
  });

  test('whose lines come in pieces loses none', async (context) => {
    const { lines, reading } = collect(context, program(context, { CASE: 'torn-lines', LOAD: '1' }).path);
    await reading();
    expect(lines('gpu_power_watts')).toEqual([`gpu_power_watts${gpu(0)} 400`]);
    expect(lines('inferometer_collector_unparsed_lines_total')).toEqual([]);
  });

  test('that prints a message of the driver between its lines goes on; the line is counted', async (context) => {
    const { lines } = collect(context, program(context, { CASE: 'foreign-lines', LOAD: '1' }).path);
    await vi.waitUntil(() => lines('inferometer_collector_unparsed_lines_total').length > 0, patient);
    await vi.waitUntil(() => lines('gpu_power_watts').length > 0, patient);
    expect(lines('inferometer_collector_unparsed_lines_total').join()).toMatch(/ 1$/);
  });

  test('that loses a GPU midway has no reading of it any more, and goes on with the others', async (context) => {
    const { lines } = collect(context, program(context, { CASE: 'lost-midway', GPUS: '2', LOAD: '1' }).path);
    await vi.waitUntil(() => lines('gpu_power_watts').length === 2, patient);
    await vi.waitUntil(() => lines('gpu_power_watts').length === 1, patient);
    expect(lines('gpu_power_watts')).toEqual([`gpu_power_watts${gpu(0)} 400`]);
    expect(lines('gpu_info')).toHaveLength(1);
  });

  test('that ends by itself is started again', async (context) => {
    const { lines, recorded, reading } = collect(context, program(context, { CASE: 'exits', LOAD: '1' }).path);
    await reading();
    const { reason, cause } = await recorded.until('going on without it');
    expect({ reason, cause }).toEqual({
      reason: 'no_data',
      cause: expect.stringContaining('the loop ended with exit code 0'),
    });
    expect(lines('gpu_power_watts')).toEqual([]);
    await vi.waitUntil(() => lines('gpu_power_watts').length === 1, patient);
  });

  test('that lacks a field is asked for the others', async (context) => {
    const missing = 'power.draw.average,gpu.power.draw.average,temperature.memory';
    const { lines, reading } = collect(
      context,
      program(context, { FIELDS_MISSING: missing, MODEL: 'h100', LOAD: '0.5' }).path,
    );
    await reading();
    expect(lines('gpu_power_watts')).toEqual([`gpu_power_watts${gpu(0)} 384.5`]);
    expect(lines('gpu_temperature_celsius').join()).toMatch(/sensor="core"\} 47$/);
  });

  test('that lists fields and refuses them all the same is asked again without each of them', async (context) => {
    const refused = { FIELDS_MISSING: 'power.draw.average,gpu.power.draw.average,utilization.gpu' };
    const { lines, reading } = collect(context, program(context, { MODEL: 'h100', LOAD: '0.5' }, refused).path);
    await reading();
    expect(lines('gpu_power_watts')).toEqual([`gpu_power_watts${gpu(0)} 384.5`]);
    expect(lines('gpu_utilization_ratio')).toEqual([]);
    expect(lines('gpu_memory_total_bytes')).toHaveLength(1);
  });

  test.for([
    ['no-driver', "NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver"],
    ['no-library', "NVIDIA-SMI couldn't find libnvidia-ml.so library in your system"],
    ['mismatch', 'Failed to initialize NVML: Driver/library version mismatch'],
    ['no-devices', 'No devices were found'],
    ['lost-before-start', 'Unable to determine the device handle for GPU0: GPU is lost'],
  ] as const)('in the case $0 is down for want of data, and says why', async ([CASE, cause], context) => {
    const { lines, recorded } = collect(context, program(context, { CASE }).path);
    expect(await recorded.until('no reading')).toMatchObject({
      reason: 'no_data',
      cause: expect.stringContaining(cause),
    });
    expect(lines('inferometer_collector_up').join()).toMatch(/ 0$/);
    expect(lines('gpu_')).toEqual([]);
  });

  test('that is not there is down, and is tried again without a word', async (context) => {
    const { lines, recorded } = collect(context, '/nonexistent/nvidia-smi');
    expect(await recorded.until('no reading')).toMatchObject({ cause: '/nonexistent/nvidia-smi: no such program' });
    const failures = () => lines('inferometer_collector_failures_total').join();
    await vi.waitUntil(() => failures().endsWith('reason="unreachable"} 2'), patient);
    expect(recorded.lines).toHaveLength(1);
    expect(lines('inferometer_collector_up').join()).toMatch(/ 0$/);
  });

  test('has ended when its collector is closed', async (context) => {
    const { path, pid } = program(context, {});
    const { collector, reading } = collect(context, path);
    await reading();
    const child = pid();
    await collector.close();
    expect(() => process.kill(child, 0)).toThrow('ESRCH');
  });

  test('gives no reading that is older than three intervals', async (context) => {
    const { lines, reading } = collect(context, program(context, { CASE: 'hang', LOAD: '1' }).path);
    await reading();
    await vi.waitUntil(() => lines('gpu_power_watts').length === 0, patient);
    expect(lines('inferometer_collector_up').join()).toMatch(/ 0$/);
  });
});
