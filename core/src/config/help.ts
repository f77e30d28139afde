import type { OptionDefinition, OptionTable } from './options.ts';

const placeholders = { text: 'TEXT', path: 'PATH', url: 'URL', 'host:port': 'HOST:PORT', duration: 'TIME', flag: '' };

/** The options of a table as lines of `--help`, 100 columns wide. */
export function optionsHelp(table: OptionTable): string {
  const rows = Object.entries(table).map(([name, definition]) => {
    return [`--${name} ${placeholders[definition.kind]}`.trimEnd(), optionHelp(definition)] as const;
  });
  const width = Math.max(...rows.map(([left]) => left.length)) + 2;
  return rows.map(([left, right]) => `  ${left.padEnd(width)}${wrap(right, 98 - width, width + 2)}\n`).join('');
}

/** Help of one option with what it may be and its default. */
export function optionHelp({ help, default: text, defaultHelp, multiple, choices }: OptionDefinition): string {
  const notes = [
    choices && `one of ${choices.join(', ')}`,
    multiple && 'repeatable',
    (defaultHelp ?? text) !== undefined && `default ${defaultHelp ?? text}`,
  ].filter(Boolean);
  return notes.length > 0 ? `${help} (${notes.join('; ')})` : help;
}

function wrap(text: string, width: number, indent: number): string {
  const lines = [''];
  for (const word of text.split(' ')) {
    const last = lines[lines.length - 1] ?? '';
    if (last !== '' && last.length + word.length + 1 > width) lines.push(word);
    else lines[lines.length - 1] = last === '' ? word : `${last} ${word}`;
  }
  return lines.join(`\n${' '.repeat(indent)}`);
}
