import { httpExchange } from '@inferometer/core/http-request';
import { ReadError } from '../collector.ts';

const timeoutMs = 2000;

/** The JSON that an engine answers to a GET. Throws a ReadError when the answer is an error or no JSON. */
export async function getJson(base: URL, path: string): Promise<unknown> {
  const body = await getText(base, path);
  try {
    return JSON.parse(body);
  } catch {
    throw new ReadError('malformed', `${path} answered no JSON`);
  }
}

/** The text that an engine answers to a GET with status 200. */
export async function getText(base: URL, path: string): Promise<string> {
  const { status, body } = await httpExchange(new URL(path, base), { timeoutMs });
  if (status !== 200) throw new ReadError('no_data', `${path} answered HTTP ${status}`);
  return body;
}
