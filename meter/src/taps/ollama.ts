import { count, isFilled, type Json, object, present, type Seen, text, type Usage, type Wire } from './wire.ts';

/** /api/generate and /api/chat of Ollama (docs/api, "Streaming" and "Usage"). It leaves fields out that are zero. */
export const ollamaWire: Wire = {
  // `"done":false` cannot stand inside a JSON string; a tool's arguments may hold a `done` of their own.
  isBetween: (payload) => payload.includes('"done":false') && !payload.includes('"done":true'),
  read: (answer) => {
    const { response, thinking, message } = answer;
    const { content, thinking: chatThinking, tool_calls: toolCalls } = object(message);
    const done = answer['done'] === true;
    return present<Seen>({
      content: [response, thinking, content, chatThinking, toolCalls].some(isFilled),
      done,
      failed: answer['error'] !== undefined,
      isIdle: ['load', 'unload'].includes(text(answer['done_reason']) ?? ''),
      isRemote: isFilled(answer['remote_host']),
      model: text(answer['model']),
      usage: done ? usage(answer) : undefined,
    });
  },
};

/** /api/embed of Ollama, which never streams. */
export const ollamaEmbedWire: Wire = {
  isBetween: () => false,
  read: (answer) =>
    present<Seen>({
      done: Array.isArray(answer['embeddings']),
      failed: answer['error'] !== undefined,
      model: text(answer['model']),
      usage: usage(answer),
    }),
};

function usage(answer: Json): Usage {
  return present<Usage>({
    promptTokens: count(answer['prompt_eval_count']),
    cachedPromptTokens: count(answer['prompt_eval_cached_count']),
    generatedTokens: count(answer['eval_count']),
    serverTotalSeconds: seconds(answer['total_duration']),
    serverLoadSeconds: seconds(answer['load_duration']),
    serverPromptEvalSeconds: seconds(answer['prompt_eval_duration']),
    serverEvalSeconds: seconds(answer['eval_duration']),
  });
}

function seconds(nanoseconds: unknown): number | undefined {
  return typeof nanoseconds === 'number' && nanoseconds >= 0 ? nanoseconds / 1e9 : undefined;
}
