import { startOllama } from './ollama-server.ts';
import { defaultPace } from './shared/generation.ts';
import { readOptions, runServer } from './shared/program.ts';

const help = `A SIMULATED Ollama server, of inferometer: it loads no model and its answers are made up.

usage: node --import tsx test/fakes/ollama.ts [options]

  --listen HOST:PORT     where to listen; port 0: any free port (default 127.0.0.1:11434)
  --model NAME           a model that it has; repeatable (default tiny)
  --load-ms MS           time that the first request of a model waits (default 300)
  --first-token-ms MS    time to the first token (default ${defaultPace.firstTokenMs})
  --token-ms MS          time between tokens (default ${defaultPace.tokenMs})
  --tokens N             tokens of an answer without options.num_predict (default ${defaultPace.tokens})
  --vram-ratio R         part of a model that lies in GPU memory, 0 to 1 (default 1)
  -h, --help

It speaks GET /, /api/version, /api/tags, /api/ps, /v1/models and POST /api/generate, /api/chat,
/v1/chat/completions, /v1/completions. Words are tokens.
A word in the prompt makes a request fail:
  FAIL500     status 500                       FAILBUSY  status 503
  FAILSTREAM  an error line after half of the tokens, status 200
  TRUNCATE    a clean end without done:true    DROP      the connection falls after half of the tokens
A model that it does not have is answered with 404. Every answer carries the header X-Simulated: inferometer.
`;

const options = readOptions(help, {
  listen: { type: 'string' },
  model: { type: 'string', multiple: true },
  'load-ms': { type: 'string' },
  'first-token-ms': { type: 'string' },
  'token-ms': { type: 'string' },
  tokens: { type: 'string' },
  'vram-ratio': { type: 'string' },
});

await runServer(
  startOllama({
    listen: options.text('listen', '127.0.0.1:11434'),
    models: options.texts('model', ['tiny']),
    loadMs: options.number('load-ms', 300),
    firstTokenMs: options.number('first-token-ms', defaultPace.firstTokenMs),
    tokenMs: options.number('token-ms', defaultPace.tokenMs),
    tokens: options.number('tokens', defaultPace.tokens),
    vramRatio: options.number('vram-ratio', 1),
  }),
);
