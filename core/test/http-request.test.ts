import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { boundTo } from '@inferometer/core/address';
import { httpExchange, TimeoutError } from '@inferometer/core/http-request';
import { expect, onTestFinished, test } from 'vitest';

/** Serves until the test ends; resolves to the server's URL. */
async function serve(listener: RequestListener): Promise<URL> {
  const server = createServer(listener).listen(0, '127.0.0.1');
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  await once(server, 'listening');
  return new URL(`http://127.0.0.1:${boundTo(server.address()).port}/path?query`);
}

test('sends method, headers and body and gives status, headers and body of the answer', async () => {
  const url = await serve((request, response) => {
    request.setEncoding('utf8').on('data', (body: string) => {
      const { method, url: path, headers } = request;
      response.writeHead(202, { 'x-answer': 'yes' });
      response.end(JSON.stringify([method, path, headers['x-question'], headers['content-length'], body]));
    });
  });
  const { status, headers, body } = await httpExchange(url, {
    method: 'PUT',
    headers: { 'x-question': 'why' },
    body: 'größe',
    timeoutMs: 5000,
  });
  expect([status, headers['x-answer']]).toEqual([202, 'yes']);
  expect(JSON.parse(body)).toEqual(['PUT', '/path?query', 'why', '7', 'größe']);
});

test.each([404, 503, 302])('status %d is an answer', async (code) => {
  const url = await serve((_, response) => response.writeHead(code, { location: '/elsewhere' }).end());
  await expect(httpExchange(url, { timeoutMs: 5000 })).resolves.toMatchObject({ status: code });
});

test('no answer in time is a TimeoutError that names the server', async () => {
  const url = await serve(() => undefined);
  const error = await httpExchange(url, { timeoutMs: 50 }).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(TimeoutError);
  expect(error).toMatchObject({ message: `no answer from ${url.host} within 50 ms` });
});

test('an answer that stops halfway is a TimeoutError too', async () => {
  const url = await serve((_, response) => response.write('some'));
  await expect(httpExchange(url, { timeoutMs: 100 })).rejects.toBeInstanceOf(TimeoutError);
});

test('an answer of more bytes than wanted is refused', async () => {
  const url = await serve((_, response) => response.end('x'.repeat(11)));
  await expect(httpExchange(url, { timeoutMs: 5000, maxBytes: 10 })).rejects.toThrow(
    'the answer is longer than 10 bytes',
  );
});

test('an answer of just as many bytes as wanted is taken', async () => {
  const url = await serve((_, response) => response.end('x'.repeat(10)));
  await expect(httpExchange(url, { timeoutMs: 5000, maxBytes: 10 })).resolves.toMatchObject({ body: 'x'.repeat(10) });
});

test('a refused connection is the system error', async () => {
  const error = httpExchange(new URL('http://127.0.0.1:1'), { timeoutMs: 5000 });
  await expect(error).rejects.toMatchObject({ code: 'ECONNREFUSED' });
});

test('a connection that breaks off in the answer is an error', async () => {
  const url = await serve((_, response) => response.write('some', () => response.destroy()));
  await expect(httpExchange(url, { timeoutMs: 5000 })).rejects.toMatchObject({ code: 'ECONNRESET' });
});

test('reaches a server at a Unix socket', async () => {
  const socketPath = join(tmpdir(), `inferometer-http-${process.pid}.sock`);
  const server = createServer((_, response) => response.end('hello')).listen(socketPath);
  onTestFinished(() => void server.close());
  await once(server, 'listening');
  const answer = httpExchange(new URL('http://meter/status'), { socketPath, timeoutMs: 5000 });
  await expect(answer).resolves.toMatchObject({ status: 200, body: 'hello' });
});
