import { parseArgs } from 'node:util';
import type { OptionTable } from './options.ts';

export interface ReadArguments {
  readonly given: Map<string, { readonly origin: string; readonly texts: readonly string[] }>;
  readonly operands: readonly string[];
  readonly command: readonly string[];
  readonly problems: string[];
}

/** Sorts a command's arguments into options, operands and what stands behind `--`, with all that is wrong in them. */
export function readArguments(table: OptionTable, argv: readonly string[]): ReadArguments {
  const end = argv.indexOf('--');
  const { tokens } = parseArgs({
    args: end === -1 ? [...argv] : argv.slice(0, end),
    options: Object.fromEntries(
      Object.entries(table).map(([name, { kind }]) => [
        name,
        { type: kind === 'flag' ? 'boolean' : 'string' } as const,
      ]),
    ),
    strict: false,
    tokens: true,
    allowPositionals: true,
  });
  const texts = new Map<string, string[]>();
  const operands: string[] = [];
  const problems: string[] = [];
  for (const token of tokens) {
    if (token.kind === 'positional') operands.push(token.value);
    if (token.kind !== 'option') continue;
    const definition = Object.hasOwn(table, token.name) ? table[token.name] : undefined;
    const text = token.value ?? (definition?.kind === 'flag' ? 'true' : undefined);
    if (!definition) problems.push(`unknown option ${token.rawName}${hint(token.name, table)}`);
    else if (text === undefined || (!token.inlineValue && text.startsWith('-')))
      problems.push(`${token.rawName}: needs a value`);
    else texts.set(token.name, [...(texts.get(token.name) ?? []), text]);
  }
  const given = new Map([...texts].map(([name, list]) => [name, { origin: `--${name}`, texts: list }]));
  return { given, operands, command: end === -1 ? [] : argv.slice(end + 1), problems };
}

/** A name of the table that the unknown one may have meant. */
function hint(name: string, table: OptionTable): string {
  const near = Object.keys(table).find((known) => known.startsWith(name) || name.startsWith(known));
  return near ? `; did you mean --${near}?` : '';
}
