import type { HostPort } from '../address.ts';

/** What a value means, by kind of option. Durations are milliseconds. */
export interface KindValues {
  text: string;
  path: string;
  url: URL;
  'host:port': HostPort;
  duration: number;
  flag: boolean;
}
export type OptionKind = keyof KindValues;

/** One option: a flag `--name`, a variable `INFEROMETER_NAME` and a configuration key `name` alike. */
export interface OptionDefinition {
  readonly kind: OptionKind;
  readonly help: string;
  /** As a user would write it. */
  readonly default?: string;
  /** Shown in place of a default that depends on the machine. */
  readonly defaultHelp?: string;
  readonly multiple?: true;
  /** The allowed texts of a `text` option. */
  readonly choices?: readonly string[];
  /** Other names that a configuration file may use for it. */
  readonly aliases?: readonly string[];
}

export type OptionTable = Readonly<Record<string, OptionDefinition>>;

type ValueOf<D extends OptionDefinition> = D extends { multiple: true }
  ? readonly KindValues[D['kind']][]
  : D extends { default: string } | { kind: 'flag' }
    ? KindValues[D['kind']]
    : KindValues[D['kind']] | undefined;

/** The values of a table's options, by name; absent options without a default are undefined, lists are empty. */
export type OptionValues<T extends OptionTable> = { readonly [K in keyof T]: ValueOf<T[K]> };

/** The environment variable of an option: `run-dir` is INFEROMETER_RUN_DIR. */
export function variableName(option: string): string {
  return `INFEROMETER_${option.toUpperCase().replaceAll('-', '_')}`;
}
