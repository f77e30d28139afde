import type { Command } from './command.ts';

/** Every command by name; each is loaded when it is called. */
export const commands: Readonly<Record<string, () => Promise<Command>>> = {
  agent: async () => (await import('./agent.ts')).agentCommand,
  meter: async () => (await import('./meter.ts')).meterCommand,
  demo: async () => (await import('./demo/command.ts')).demoCommand,
};
