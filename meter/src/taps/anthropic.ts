import { inputOutputUsage, isError } from './openai.ts';
import { count, isFilled, object, objects, present, type Seen, text, type Usage, type Wire } from './wire.ts';

/** /v1/messages (Anthropic API reference, "Messages" and "Streaming messages"). */
export const messagesWire: Wire = {
  isBetween: (payload) => payload.includes('"type":"content_block_delta"'),
  read: (answer) => {
    const type = text(answer['type']);
    // A stream begins with the message that it is about to fill; an unstreamed answer is it.
    const message = type === 'message' ? answer : object(answer['message']);
    const { text: piece, thinking, partial_json: json } = object(answer['delta']);
    const usage = { ...object(message['usage']), ...object(answer['usage']) };
    return present<Seen>({
      content: [piece, thinking, json].some(isFilled) || objects(message['content']).length > 0,
      done: type === 'message_stop' || (type === 'message' && isFilled(answer['stop_reason'])),
      failed: isError(answer),
      model: text(message['model']),
      usage: present<Usage>({
        ...inputOutputUsage(usage),
        cachedPromptTokens: count(usage['cache_read_input_tokens']),
        // The count that a stream begins with is that of nothing generated yet.
        generatedTokens: type === 'message_start' ? undefined : count(usage['output_tokens']),
      }),
    });
  },
};
