import { parseHostPort } from '../address.ts';
import { parseDuration } from '../duration.ts';
import type { KindValues, OptionDefinition, OptionKind } from './options.ts';

interface KindRule {
  /** The value of a text, or undefined when the text is wrong. */
  readonly parse: (text: string) => KindValues[OptionKind] | undefined;
  /** What a right text looks like. */
  readonly expected: string;
}

const rules: Record<OptionKind, KindRule> = {
  text: { parse: (text) => text || undefined, expected: 'a text' },
  path: { parse: (text) => text || undefined, expected: 'a path' },
  url: { parse: parseHttpUrl, expected: 'a URL without user or password, such as http://127.0.0.1:11434' },
  'host:port': { parse: parseHostPort, expected: 'HOST:PORT such as 127.0.0.1:6000' },
  duration: { parse: timerDuration, expected: 'a duration above 0, at most 24h, such as 500ms, 5s or 2m' },
  flag: { parse: (text) => flags.get(text.toLowerCase()), expected: 'true or false' },
};

const flags = new Map([
  ['true', true],
  ['1', true],
  ['false', false],
  ['0', false],
]);

/** The value of one text of an option, or what was expected in its place. */
export function parseOption(
  { kind, choices }: OptionDefinition,
  text: string,
): { value: KindValues[OptionKind] } | { expected: string } {
  if (choices && !choices.includes(text)) return { expected: `one of ${choices.join(', ')}` };
  const { parse, expected } = rules[kind];
  const value = parse(text);
  return value === undefined ? { expected } : { value };
}

/** The text of a scalar from a configuration file; a bare number of a duration counts seconds. */
export function textOfScalar({ kind }: OptionDefinition, value: unknown): string | undefined {
  if (typeof value === 'number' && kind === 'duration') return `${value}s`;
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') return String(value);
  return undefined;
}

function parseHttpUrl(text: string): URL | undefined {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  // Credentials would show in argv and logs; they come from files.
  const isPlain = url && /^https?:$/.test(url.protocol) && url.hostname && !url.username && !url.password;
  return isPlain ? url : undefined;
}

/** Timers of Node take 2^31 ms at most and fire at once above it. */
const longestMs = 24 * 3_600_000;

function timerDuration(text: string): number | undefined {
  const ms = parseDuration(text);
  return ms !== undefined && ms > 0 && ms <= longestMs ? ms : undefined;
}
