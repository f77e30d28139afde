import { once } from 'node:events';
import { createServer } from 'node:http';
import { boundTo } from '@inferometer/core/address';
import { PrometheusApi } from '@inferometer/core/prometheus-api';
import { expect, onTestFinished, test } from 'vitest';

/** A client of a server that gives this answer to everything, and the paths that were asked for. */
async function apiThatAnswers(answer: object, status = 200): Promise<{ api: PrometheusApi; paths: string[] }> {
  const paths: string[] = [];
  const server = createServer((request, response) => {
    paths.push(request.url ?? '');
    response.writeHead(status).end(JSON.stringify(answer));
  }).listen(0, '127.0.0.1');
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  await once(server, 'listening');
  return { api: new PrometheusApi(new URL(`http://127.0.0.1:${boundTo(server.address()).port}/prefix/`)), paths };
}

test('an instant query gives each series with its one point', async () => {
  const { api, paths } = await apiThatAnswers({
    status: 'success',
    data: { resultType: 'vector', result: [{ metric: { run: '1' }, value: [10, '+Inf'] }] },
  });
  expect(await api.query('up{run="1"}', 10)).toEqual([{ labels: { run: '1' }, points: [[10, Infinity]] }]);
  expect(paths).toEqual(['/prefix/api/v1/query?query=up%7Brun%3D%221%22%7D&time=10']);
});

test('a range query gives each series with its points', async () => {
  const { api, paths } = await apiThatAnswers({
    status: 'success',
    data: {
      resultType: 'matrix',
      result: [
        {
          metric: {},
          values: [
            [0, '1'],
            [5, '-Inf'],
            [10, 'NaN'],
          ],
        },
      ],
    },
  });
  expect(await api.queryRange('x', 0, 10, 5)).toEqual([
    {
      labels: {},
      points: [
        [0, 1],
        [5, -Infinity],
        [10, NaN],
      ],
    },
  ]);
  expect(paths).toEqual(['/prefix/api/v1/query_range?query=x&start=0&end=10&step=5']);
});

test('a scalar is a series without labels', async () => {
  const { api } = await apiThatAnswers({ status: 'success', data: { resultType: 'scalar', result: [3, '2'] } });
  expect(await api.query('2')).toEqual([{ labels: {}, points: [[3, 2]] }]);
});

test("a query that fails rejects with the query and Prometheus' own message", async () => {
  const { api } = await apiThatAnswers({ status: 'error', error: 'parse error' }, 400);
  await expect(api.query('up{')).rejects.toThrow('up{: parse error');
});
