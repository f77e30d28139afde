/** What we ask of nvidia-smi, by the name we use, each with its spellings in order of preference. */
export const wantedFields = {
  index: ['index'],
  uuid: ['uuid', 'gpu_uuid'],
  name: ['name', 'gpu_name'],
  driverVersion: ['driver_version'],
  powerAverage: ['power.draw.average', 'gpu.power.draw.average'],
  power: ['power.draw'],
  temperature: ['temperature.gpu'],
  memoryTemperature: ['temperature.memory'],
  memoryUsed: ['memory.used'],
  memoryTotal: ['memory.total'],
  utilization: ['utilization.gpu'],
} as const;

export type WantedField = keyof typeof wantedFields;

/** A field of the query: what we call it and what this driver does. */
export interface QueryField {
  readonly wanted: WantedField;
  readonly name: string;
}

/** The fields of `nvidia-smi --help-query-gpu`, aliases included: each stands quoted at the start of a line. */
export function parseFieldHelp(text: string): ReadonlySet<string> {
  const lines = text.split('\n').filter((line) => line.startsWith('"'));
  return new Set(lines.flatMap((line) => [...line.matchAll(/"([^"]+)"/g)].map((match) => match[1] ?? '')));
}

/** The query for a driver that knows these fields; what it does not know is left out. */
export function chooseFields(known: ReadonlySet<string>): readonly QueryField[] {
  return (Object.keys(wantedFields) as WantedField[]).flatMap((wanted) => {
    const name = wantedFields[wanted].find((spelling) => known.has(spelling));
    return name === undefined ? [] : [{ wanted, name }];
  });
}

/** The field that nvidia-smi refuses (exit code 2), from its message. */
export function refusedField(output: string): string | undefined {
  return /Field "(.+?)" is not a valid field/.exec(output)?.[1];
}
