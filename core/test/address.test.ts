import { createServer } from 'node:net';
import { boundTo, formatHostPort, isLoopback, parseHostPort, serverName } from '@inferometer/core/address';
import fc from 'fast-check';
import { expect, test } from 'vitest';

test.each([
  ['127.0.0.1:6000', { host: '127.0.0.1', port: 6000 }],
  ['node-7.cluster:0', { host: 'node-7.cluster', port: 0 }],
  ['[::1]:65535', { host: '::1', port: 65535 }],
])('%s is an address to listen on', (text, address) => {
  expect(parseHostPort(text)).toEqual(address);
});

test.each(['', '6000', ':6000', 'host', 'host:', 'host:65536', 'host:-1', '::1:6000', '[x]:1', 'a b:1', 'http://h:1'])(
  '%j is none',
  (text) => {
    expect(parseHostPort(text)).toBeUndefined();
  },
);

test('a written address reads back as the same', () => {
  const address = fc.record({ host: fc.oneof(fc.ipV4(), fc.ipV6(), fc.domain()), port: fc.nat(65535) });
  fc.assert(
    fc.property(address, (given) => {
      expect(parseHostPort(formatHostPort(given))).toEqual(given);
    }),
  );
});

test.each([
  ['http://127.0.0.1:11434', '127.0.0.1:11434'],
  ['http://gpu07/base', 'gpu07:80'],
  ['https://gpu07', 'gpu07:443'],
  ['http://[::1]:8000', '[::1]:8000'],
])('the server at %s is called %s', (url, name) => {
  expect(serverName(new URL(url))).toBe(name);
});

test.each(['localhost', '127.0.0.1', '127.1.2.3', '::1'])('%s is reached from this machine alone', (host) => {
  expect(isLoopback(host)).toBe(true);
});

test.each(['0.0.0.0', '::', '10.0.0.1', '127.0.0.1.example.org', 'gpu07', ''])(
  '%j may be reached by others',
  (host) => {
    expect(isLoopback(host)).toBe(false);
  },
);

test('tells the address that a server is bound to', async () => {
  const server = createServer();
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  const { host, port } = boundTo(server.address());
  server.close();
  expect(host).toBe('127.0.0.1');
  expect(port).toBeGreaterThan(0);
});

test.each([null, '/run/socket'])('a server at %j is bound to no port', (address) => {
  expect(() => boundTo(address)).toThrow('no TCP port');
});
