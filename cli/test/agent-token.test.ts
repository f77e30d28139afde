import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { folder, slow } from './program.ts';
import { RunningAgent } from './running-agent.ts';

const token = 's3cret:ü';
let agent: RunningAgent;

beforeAll(async () => {
  const file = join(folder, 'token');
  writeFileSync(file, `${token}\n`, { mode: 0o600 });
  agent = await RunningAgent.start(['--listen', '0.0.0.0:0', '--token-file', file]);
}, slow.timeout);
afterAll(() => agent.terminate());

function basic(credentials: string) {
  return { authorization: `Basic ${Buffer.from(credentials).toString('base64')}` };
}

test.each(['/metrics', '/metrics/prometheus', '/api/v1/snapshot', '/nowhere'])(
  '%s asks for the token',
  async (path) => {
    const { status, headers } = await agent.get(path);
    expect([status, headers['www-authenticate']]).toEqual([401, 'Basic realm="inferometer"']);
  },
);

test.each([
  ['another token', basic('inferometer:other')],
  ['another user', basic(`root:${token}`)],
  ['the token as a bearer', { authorization: `Bearer ${token}` }],
  ['nothing behind the scheme', { authorization: 'Basic' }],
])('%s is refused', async (_, headers) => {
  expect((await agent.get('/metrics', headers)).status).toBe(401);
});

test('the token as HTTP Basic password opens /metrics', async () => {
  const { status, body } = await agent.get('/metrics', basic(`inferometer:${token}`));
  expect(status).toBe(200);
  expect(body).toMatch('inferometer_snapshot_seq');
});

test.each(['/-/healthy', '/-/ready'])('%s is open to all', async (path) => {
  expect((await agent.get(path)).status).toBe(200);
});

test('the log never holds the token', () => {
  expect(JSON.stringify(agent.log)).not.toContain(token);
});
