import type { OptionTable } from '@inferometer/core/config/options';
import { meteredEngines } from '@inferometer/meter/routes';

/** Options that several commands share. */
const runDir = {
  kind: 'path',
  help: "This run's own directory.",
  defaultHelp: '${INFEROMETER_RUNS:-~/.inferometer/runs}/<run id>',
} as const;

export const agentOptions = {
  'run-dir': runDir,
  run: { kind: 'text', help: 'Run id.', defaultHelp: "Slurm's job id, else local-<UTC time>-<host>" },
  node: { kind: 'text', help: 'Name of this node.', defaultHelp: "Slurm's node name, else the short host name" },
  cluster: { kind: 'text', help: 'Name of the cluster.', defaultHelp: "Slurm's cluster name, else local" },
  listen: {
    kind: 'host:port',
    help: 'Where /metrics is served. An address that others can reach needs --token-file.',
    defaultHelp: '127.0.0.1:6000, or a free port where that is taken',
  },
  'token-file': {
    kind: 'path',
    help: 'File (mode 0600) with the token that readers give as HTTP Basic password of the user inferometer.',
  },
  ollama: { kind: 'url', help: 'An Ollama server to watch.', multiple: true },
  'meter-ollama': {
    kind: 'host:port',
    help: 'Where clients of the Ollama server may come in to be metered; pairs with --ollama by position.',
    multiple: true,
  },
  vllm: { kind: 'url', help: 'A vLLM server to watch.', multiple: true },
  'meter-vllm': {
    kind: 'host:port',
    help: 'Where clients of the vLLM server may come in to be metered; pairs with --vllm by position.',
    multiple: true,
  },
  pushgateway: { kind: 'url', help: 'The Pushgateway to publish to.', aliases: ['pushgateway_url'] },
  'push-interval': {
    kind: 'duration',
    help: 'Time between two pushes.',
    default: '5s',
    aliases: ['prometheus_push_interval'],
  },
  'pushgateway-user': { kind: 'text', help: 'User name for the Pushgateway (HTTP Basic).', default: 'inferometer' },
  'pushgateway-password-file': { kind: 'path', help: 'File (mode 0600) with the password for the Pushgateway.' },
  'nvidia-smi': { kind: 'path', help: 'The nvidia-smi program.', default: 'nvidia-smi' },
  'sample-interval': {
    kind: 'duration',
    help: 'Time between two snapshots.',
    default: '1s',
    aliases: ['monitor_interval'],
  },
  'path-proc': { kind: 'path', help: 'Where the proc file system is.', default: '/proc' },
  config: { kind: 'path', help: 'YAML file with any of these options as keys.' },
} as const satisfies OptionTable;

export const meterOptions = {
  engine: { kind: 'text', help: 'What the server is.', choices: meteredEngines, defaultHelp: 'none, needed' },
  listen: { kind: 'host:port', help: 'Where clients come in.', defaultHelp: 'none, needed' },
  upstream: { kind: 'url', help: 'The server behind the meter.', defaultHelp: 'none, needed' },
  'run-dir': { ...runDir, help: 'Run directory that request records go to.', defaultHelp: 'none, needed' },
  node: { kind: 'text', help: 'Name of this node.', defaultHelp: "Slurm's node name, else the short host name" },
  'status-socket': { kind: 'path', help: 'Unix socket that answers GET /status, for the agent.' },
} as const satisfies OptionTable;

export const demoOptions = {
  ollama: { kind: 'url', help: 'Where your own Ollama may be.', default: 'http://127.0.0.1:11434' },
  vllm: { kind: 'url', help: 'Where your own vLLM may be.', default: 'http://127.0.0.1:8000' },
} as const satisfies OptionTable;
