/**
 * A metrics text without what differs from run to run: no values, the bounds of a histogram on one line, of
 * `cache_config_info` the names of the labels alone. Two servers with the same shape have the same families, texts,
 * labels, label values and bounds, in the same order.
 */
export function shapeOf(text: string): string {
  const lines: string[] = [];
  for (const line of text.trimEnd().split('\n')) {
    const bound = /,?le="([^"]+)"/.exec(line);
    const shape = line.startsWith('#') ? line : line.replace(/ \S+$/, '').replace(/,?le="[^"]+"/, '');
    const previous = lines.at(-1);
    if (shape.startsWith('vllm:cache_config_info')) lines.push(shape.replaceAll(/="[^"]*"/g, ''));
    else if (!bound) lines.push(shape);
    else if (previous?.startsWith(`${shape} le `)) lines[lines.length - 1] = `${previous} ${bound[1]}`;
    else lines.push(`${shape} le ${bound[1]}`);
  }
  return `${lines.join('\n')}\n`;
}
