import { EventEmitter, once } from 'node:events';
import { createLog, type Log, type LogLevel } from '@inferometer/core/log';

export interface LogLine extends Readonly<Record<string, unknown>> {
  readonly level: LogLevel;
  readonly message: string;
}

/** A log whose lines a test reads, and awaits. */
export class RecordedLog {
  readonly lines: LogLine[] = [];
  readonly log: Log = createLog({
    write: (text) => {
      this.lines.push(JSON.parse(text) as LogLine);
      this.#written.emit('line');
    },
  });
  readonly #written = new EventEmitter();

  at(level: LogLevel): readonly LogLine[] {
    return this.lines.filter((line) => line.level === level);
  }

  /** Resolves once a line has this text in its message. */
  async until(text: string): Promise<LogLine> {
    for (;;) {
      const found = this.lines.find(({ message }) => message.includes(text));
      if (found) return found;
      await once(this.#written, 'line');
    }
  }
}
