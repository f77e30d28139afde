import { kinds, parseMix, type Mix } from './load-mix.ts';
import { runLoad } from './load-run.ts';
import { readOptions, wrongUsage } from './shared/program.ts';

const help = `A load generator for Ollama and vLLM, real or simulated; part of inferometer's fakes.

usage: node --import tsx test/fakes/load.ts --url URL --engine ollama|vllm [options]

  --url URL            the server, or the meter in front of it
  --engine ENGINE      ollama or vllm
  --model NAME         default tiny for ollama, tiny-llama for vllm
  --endpoint PATH      default /api/chat or /v1/chat/completions
  --requests N         how many (default: until the duration has passed, or TERM or INT)
  --duration SECONDS   starts no request after this time
  --concurrency C      requests that may be open at once (default 1)
  --rate RPS           starts per second, as far as the concurrency allows (default: as fast as answers come)
  --tokens N           tokens to ask for (default 16)
  --prompt-tokens N    words of a prompt (default 8)
  --no-stream          ask for answers in one piece (default --stream)
  --mix KIND=SHARE,... what the requests are made of (default ok=1); all but ok, abort and missing need a fake:
${Object.entries(kinds)
  .map(([kind, text]) => `      ${kind.padEnd(15)}${text}\n`)
  .join('')}  -h, --help

It prints one line of JSON at its end: requests, ok, client_error, server_error, aborted, truncated, prompt_tokens,
generated_tokens (as reported in complete answers) and seconds.
`;

const options = readOptions(help, {
  url: { type: 'string' },
  engine: { type: 'string' },
  model: { type: 'string' },
  endpoint: { type: 'string' },
  requests: { type: 'string' },
  duration: { type: 'string' },
  concurrency: { type: 'string' },
  rate: { type: 'string' },
  tokens: { type: 'string' },
  'prompt-tokens': { type: 'string' },
  stream: { type: 'boolean', default: true },
  mix: { type: 'string' },
});

const engine = options.text('engine', '');
if (engine !== 'ollama' && engine !== 'vllm') wrongUsage('--engine: must be ollama or vllm');
if (!URL.canParse(options.text('url', ''))) wrongUsage('--url: must be the URL of a server');

const stop = new AbortController();
process.once('SIGTERM', () => stop.abort()).once('SIGINT', () => stop.abort());

const summary = await runLoad({
  url: options.text('url', ''),
  engine,
  model: options.text('model', engine === 'ollama' ? 'tiny' : 'tiny-llama'),
  ...(options.has('endpoint') && { endpoint: options.text('endpoint', '') }),
  ...(options.has('requests') && { requests: options.number('requests', 0) }),
  ...(options.has('duration') && { durationMs: options.number('duration', 0) * 1000 }),
  ...(options.has('rate') && { rate: options.number('rate', 0) }),
  concurrency: options.number('concurrency', 1),
  tokens: options.number('tokens', 16),
  promptTokens: options.number('prompt-tokens', 8),
  stream: options.flag('stream'),
  mix: readMix(options.text('mix', 'ok=1')),
  stop: stop.signal,
});
process.stdout.write(`${JSON.stringify(summary)}\n`);

function readMix(text: string): Mix {
  try {
    return parseMix(text);
  } catch (error) {
    return wrongUsage(error instanceof Error ? error.message : String(error));
  }
}
