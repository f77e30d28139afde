import { optionHelp } from '@inferometer/core/config/help';
import { type OptionDefinition, type OptionTable, variableName } from '@inferometer/core/config/options';
import { agentOptions, meterOptions } from '@inferometer/cli/options';
import { code, markdownTable } from './table.ts';

/** The configuration file that the page shows. */
export const exampleFile = `run-dir: /scratch/me/runs/trial-7
ollama:
  - http://127.0.0.1:11435
meter-ollama:
  - 127.0.0.1:11434
pushgateway: http://login1:9091
pushgateway-password-file: /home/me/.inferometer/token
push-interval: 5s
sample-interval: 1    # a number without a unit counts seconds
`;

/** docs/configuration.md: every option of every command, its variable, its key and how they go together. */
export function configurationPage(): string {
  return [
    '<!-- Written by `npm run generate` from cli/src/options.ts. -->\n\n',
    '# Configuration\n\n',
    'The value of an option comes from the first of these that has one:\n\n',
    '1. the command line, `--push-interval 5s`\n',
    '2. the variable, `INFEROMETER_PUSH_INTERVAL=5s`\n',
    '3. the configuration file, `push-interval: 5s`\n',
    '4. the default\n\n',
    'An empty variable counts as none. A repeatable option is taken whole from the first place that has it; a variable\n',
    'holds its values with blanks or commas between. Durations are `500ms`, `5s`, `2m` or `1h`, at most `24h`;\n',
    'addresses are `HOST:PORT`, `[::1]:6000` for IPv6, and port 0 is any free port. What is wrong is told all at once,\n',
    'each problem with where it stands, and the command ends with exit code 2.\n\n',
    '`INFEROMETER_RUNS` is a variable alone: the folder that holds the run directories, `~/.inferometer/runs` when it\n',
    'is not set.\n',
    '\n## The configuration file\n\n',
    '`inferometer agent --config FILE` reads YAML: keys are the names of options without the dashes.\n\n',
    `\`\`\`yaml\n${exampleFile}\`\`\`\n\n`,
    'Some keys may have another name:\n\n',
    otherNames(agentOptions),
    '\n## inferometer agent\n\n',
    optionTable(agentOptions, true),
    '\n## inferometer meter\n\n',
    'The agent starts a meter for each `--meter-ollama`; by hand it is needed only without an agent. It reads no\n',
    'configuration file.\n\n',
    optionTable(meterOptions, false),
  ].join('');
}

function optionTable(options: OptionTable, hasFile: boolean): string {
  const rows = Object.entries(options).map(([name, definition]) => [
    code(`--${name}`),
    code(variableName(name)),
    ...(hasFile ? [name === 'config' ? '' : code(name)] : []),
    defaultOf(definition),
    meaningOf(definition),
  ]);
  return markdownTable(['option', 'variable', ...(hasFile ? ['key'] : []), 'default', 'meaning'], rows);
}

/** A default that a user could write is code, one in words is not. */
function defaultOf({ default: text, defaultHelp }: OptionDefinition): string {
  if (text !== undefined) return code(text);
  return defaultHelp?.startsWith('$') ? code(defaultHelp) : (defaultHelp ?? '').replaceAll('<', '\\<');
}

function meaningOf({ help, choices, multiple }: OptionDefinition): string {
  return optionHelp({ kind: 'text', help, ...(choices && { choices }), ...(multiple && { multiple }) });
}

function otherNames(options: OptionTable): string {
  const rows = Object.entries(options).flatMap(([name, { aliases = [] }]) =>
    aliases.map((alias) => [code(alias), code(name)]),
  );
  return markdownTable(['name', 'is read as'], rows);
}
