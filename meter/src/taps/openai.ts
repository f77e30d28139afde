import {
  count,
  isFilled,
  type Json,
  object,
  objects,
  present,
  type Seen,
  text,
  type Usage,
  type Wire,
} from './wire.ts';

/** /v1/chat/completions and /v1/completions (OpenAI API reference, "Chat" and "Completions", streamed and not). */
export const completionsWire: Wire = {
  // A field name in quotes cannot stand inside a JSON string, where its quotes are escaped.
  isBetween: (payload) =>
    payload.includes('"finish_reason":null') && !payload.includes('"usage":{') && !payload.includes('"error"'),
  read: (answer) => {
    const choices = objects(answer['choices']);
    return present<Seen>({
      content: choices.some(hasContent),
      done: choices.some(({ finish_reason: reason }) => isFilled(reason)),
      failed: isError(answer),
      model: text(answer['model']),
      usage: chatUsage(object(answer['usage'])),
    });
  },
};

/** /v1/embeddings (OpenAI API reference, "Embeddings"), which never streams. */
export const embeddingsWire: Wire = {
  isBetween: () => false,
  read: (answer) =>
    present<Seen>({
      done: Array.isArray(answer['data']),
      failed: isError(answer),
      model: text(answer['model']),
      usage: chatUsage(object(answer['usage'])),
    }),
};

/** /v1/responses (OpenAI API reference, "Responses" and its streaming events). */
export const responsesWire: Wire = {
  isBetween: (payload) => {
    const type = payload.indexOf(responseType) + responseType.length;
    const end = payload.indexOf('"', type);
    return type >= responseType.length && payload.subarray(end - delta.length, end).equals(delta);
  },
  read: (answer) => {
    const type = text(answer['type']) ?? '';
    // A streamed event carries the response; an unstreamed answer is it.
    const response = answer['object'] === 'response' ? answer : object(answer['response']);
    const status = text(response['status']) ?? '';
    return present<Seen>({
      content: type.endsWith('.delta') && isFilled(answer['delta']),
      done: ['completed', 'incomplete'].includes(status),
      failed: status === 'failed' || isError(answer),
      model: text(response['model']),
      usage: inputOutputUsage(object(response['usage'])),
    });
  },
};

const responseType = Buffer.from('"type":"response.');
const delta = Buffer.from('.delta');

/** True for an error object, as OpenAI's API and vLLM's older ones put it. */
export function isError({ error, object: kind, type }: Json): boolean {
  return (error !== undefined && error !== null) || kind === 'error' || type === 'error';
}

/** Usage in the words of the newer APIs: input and output. */
export function inputOutputUsage(usage: Json): Usage {
  return present<Usage>({
    promptTokens: count(usage['input_tokens']),
    cachedPromptTokens: count(object(usage['input_tokens_details'])['cached_tokens']),
    generatedTokens: count(usage['output_tokens']),
  });
}

function hasContent(choice: Json): boolean {
  const {
    content,
    reasoning,
    reasoning_content: reasoningContent,
    tool_calls: toolCalls,
  } = {
    ...object(choice['message']),
    ...object(choice['delta']),
  };
  return [choice['text'], content, reasoning, reasoningContent, toolCalls].some(isFilled);
}

/** Some servers put a usage of zeros on every chunk: it counts nothing. */
function chatUsage(usage: Json): Usage {
  if (usage['prompt_tokens'] === 0 && !usage['completion_tokens']) return {};
  return present<Usage>({
    promptTokens: count(usage['prompt_tokens']),
    cachedPromptTokens: count(object(usage['prompt_tokens_details'])['cached_tokens']),
    generatedTokens: count(usage['completion_tokens']),
  });
}
