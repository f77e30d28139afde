import { defaultPace } from './shared/generation.ts';
import { readOptions, runServer } from './shared/program.ts';
import { startVllm } from './vllm-server.ts';

const help = `A SIMULATED vLLM server, of inferometer: it loads no model and its answers are made up.

usage: node --import tsx test/fakes/vllm.ts [options]

  --listen HOST:PORT     where to listen; port 0: any free port (default 127.0.0.1:8000)
  --model NAME           a name of the model; repeatable, metrics carry the first (default tiny-llama)
  --load-ms MS           time that the first request waits (default 0: a real one loads before it listens)
  --first-token-ms MS    time from scheduling to the first token (default ${defaultPace.firstTokenMs})
  --token-ms MS          time between tokens (default ${defaultPace.tokenMs})
  --tokens N             tokens of an answer without max_tokens (default ${defaultPace.tokens})
  --max-model-len N      tokens of prompt and answer together (default 4096)
  --max-num-seqs N       requests that run at once, the others wait (default 256)
  --kv-blocks N          blocks of 16 tokens in the KV cache (default 2048)
  --no-count-aborts      do as vLLM 0.24 does: a client that leaves is no finished request in the metrics
  -h, --help

It speaks POST /v1/completions, /v1/chat/completions and GET /v1/models, /version, /health, /metrics. Words are tokens.
A word in the prompt makes a request fail:
  FAIL500     status 500                       FAILBUSY  status 503
  FAILSTREAM  an error event after half of the tokens, status 200
  TRUNCATE    a clean end without [DONE]       DROP      the connection falls after half of the tokens
A model that it does not have is answered with 404. Every answer carries the header X-Simulated: inferometer.
`;

const options = readOptions(help, {
  listen: { type: 'string' },
  model: { type: 'string', multiple: true },
  'load-ms': { type: 'string' },
  'first-token-ms': { type: 'string' },
  'token-ms': { type: 'string' },
  tokens: { type: 'string' },
  'max-model-len': { type: 'string' },
  'max-num-seqs': { type: 'string' },
  'kv-blocks': { type: 'string' },
  'count-aborts': { type: 'boolean', default: true },
});

await runServer(
  startVllm({
    listen: options.text('listen', '127.0.0.1:8000'),
    models: options.texts('model', ['tiny-llama']),
    loadMs: options.number('load-ms', 0),
    firstTokenMs: options.number('first-token-ms', defaultPace.firstTokenMs),
    tokenMs: options.number('token-ms', defaultPace.tokenMs),
    tokens: options.number('tokens', defaultPace.tokens),
    maxModelLen: options.number('max-model-len', 4096),
    maxSequences: options.number('max-num-seqs', 256),
    blocks: options.number('kv-blocks', 2048),
    countAborts: options.flag('count-aborts'),
  }),
);
