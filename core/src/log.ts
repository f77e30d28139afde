import { styleText } from 'node:util';

export const logLevels = ['debug', 'info', 'warn', 'error'] as const;
export type LogLevel = (typeof logLevels)[number];

/** Facts that go with a message. Never a secret, never text of a prompt or answer. */
export type LogFields = Readonly<Record<string, string | number | boolean | undefined>>;

export interface Log {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
  /** The same log with these fields on every line. */
  with(fields: LogFields): Log;
}

/** Where lines go: a stream, and whether a person reads it. */
export interface LogTarget {
  write(text: string): unknown;
  readonly isTTY?: boolean | undefined;
}

/** A log that writes one line per message: JSON, or text with colours on a terminal. */
export function createLog(target: LogTarget, fields: LogFields = {}, now: () => Date = () => new Date()): Log {
  const write = (level: LogLevel, message: string, extra: LogFields = {}): void => {
    const all = { ...fields, ...extra };
    const time = now().toISOString();
    target.write(target.isTTY ? humanLine(time, level, message, all) : jsonLine(time, level, message, all));
  };
  return {
    debug: (message, extra) => write('debug', message, extra),
    info: (message, extra) => write('info', message, extra),
    warn: (message, extra) => write('warn', message, extra),
    error: (message, extra) => write('error', message, extra),
    with: (extra) => createLog(target, { ...fields, ...extra }, now),
  };
}

function jsonLine(time: string, level: LogLevel, message: string, fields: LogFields): string {
  return `${JSON.stringify({ time, level, message, ...fields })}\n`;
}

const colours = { debug: 'gray', info: 'green', warn: 'yellow', error: 'red' } as const;

function humanLine(time: string, level: LogLevel, message: string, fields: LogFields): string {
  const pairs = Object.entries(fields).filter(([, value]) => value !== undefined);
  const tail = pairs.map(([key, value]) => `${key}=${String(value)}`).join(' ');
  const word = styleText(colours[level], level.padEnd(5));
  return `${time.slice(11, 19)} ${word} ${message}${tail && ` ${styleText('gray', tail)}`}\n`;
}
