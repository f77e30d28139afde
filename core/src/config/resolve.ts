import { readFileSync } from 'node:fs';
import { parse as parseYaml } from 'yaml';
import { ConfigError, messageOf } from '../errors.ts';
import { readArguments } from './arguments.ts';
import { type KindValues, type OptionKind, type OptionTable, type OptionValues, variableName } from './options.ts';
import { parseOption, textOfScalar } from './values.ts';

export interface OptionSources {
  /** Arguments behind the command's name. */
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Most arguments that are no options; default none. */
  readonly maxOperands?: number;
  /** Keys that a configuration file may hold and that mean nothing here; they are told in `ignored`. */
  readonly ignoredKeys?: readonly string[];
}

export interface Resolved<T extends OptionTable> {
  readonly values: OptionValues<T>;
  /** Arguments that are no options. */
  readonly operands: readonly string[];
  /** Arguments behind `--`. */
  readonly command: readonly string[];
  /** Keys of the configuration file that mean nothing here. */
  readonly ignored: readonly string[];
}

/** Texts given for an option, and where: how a problem with them begins. */
interface Given {
  readonly origin: string;
  readonly texts: readonly string[];
}

/**
 * Values of a command's options: flags before environment variables before the configuration file (option `config`,
 * where the table has one) before defaults. Throws one ConfigError with every problem of every source.
 */
export function resolveOptions<T extends OptionTable>(
  table: T,
  { argv, env, maxOperands = 0, ignoredKeys = [] }: OptionSources,
): Resolved<T> {
  const { given: flags, operands, command, problems } = readArguments(table, argv);
  problems.push(...operands.slice(maxOperands).map((operand) => `"${operand}": not expected here`));
  const variables = readVariables(table, env);
  const path = (flags.get('config') ?? variables.get('config'))?.texts.at(-1);
  const keys = path === undefined ? {} : readYamlMap(path, problems);
  const ignored = ignoredKeys.filter((key) => Object.hasOwn(keys, key));
  const known = Object.entries(keys).filter(([key]) => !ignored.includes(key));
  const file = readKeys(table, path ?? '', known, problems);
  const values: Record<string, unknown> = {};
  for (const [name, definition] of Object.entries(table)) {
    const chosen = flags.get(name) ?? variables.get(name) ?? file.get(name) ?? byDefault(definition.default);
    const parsed: KindValues[OptionKind][] = [];
    for (const text of chosen.texts) {
      const result = parseOption(definition, text);
      if ('value' in result) parsed.push(result.value);
      else problems.push(`${chosen.origin}: "${text}" is not ${result.expected}`);
    }
    if (!definition.multiple && parsed.length > 1) problems.push(`${chosen.origin}: given ${parsed.length} times`);
    values[name] = definition.multiple ? parsed : (parsed[0] ?? (definition.kind === 'flag' ? false : undefined));
  }
  if (problems.length > 0) throw new ConfigError(problems);
  return { values: values as OptionValues<T>, operands, command, ignored };
}

function byDefault(text: string | undefined): Given {
  return { origin: 'default', texts: text === undefined ? [] : [text] };
}

function readVariables(table: OptionTable, env: OptionSources['env']): Map<string, Given> {
  const given = new Map<string, Given>();
  for (const [name, { multiple }] of Object.entries(table)) {
    const text = env[variableName(name)]?.trim();
    if (text) given.set(name, { origin: variableName(name), texts: multiple ? text.split(/[\s,]+/) : [text] });
  }
  return given;
}

function readKeys(
  table: OptionTable,
  path: string,
  keys: readonly (readonly [string, unknown])[],
  problems: string[],
): Map<string, Given> {
  const given = new Map<string, Given>();
  const names = new Map(
    Object.entries(table).flatMap(([name, { aliases = [] }]) => [name, ...aliases].map((key) => [key, name] as const)),
  );
  for (const [key, value] of keys) {
    const name = names.get(key);
    const definition = name === undefined ? undefined : table[name];
    if (name === undefined || !definition || name === 'config') {
      problems.push(`${path}: unknown key "${key}"`);
      continue;
    }
    const texts = [value].flat().map((item) => textOfScalar(definition, item));
    if (texts.includes(undefined)) problems.push(`${path}: ${key}: not a plain value`);
    else if (given.has(name)) problems.push(`${path}: ${key}: a second name of --${name}, which is given too`);
    else if (texts.length > 0) given.set(name, { origin: `${path}: ${key}`, texts: texts as string[] });
  }
  return given;
}

function readYamlMap(path: string, problems: string[]): Record<string, unknown> {
  try {
    const value: unknown = parseYaml(readFileSync(path, 'utf8')) ?? {};
    if (typeof value === 'object' && !Array.isArray(value)) return value as Record<string, unknown>;
    problems.push(`${path}: not a map of keys to values`);
  } catch (error) {
    // The YAML parser shows the place in further lines; its first one names line and column.
    problems.push(`${path}: cannot be read: ${messageOf(error).split('\n')[0]}`);
  }
  return {};
}
