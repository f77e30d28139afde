/** Labels that name a group on a Pushgateway; `job` comes first in its path. */
export interface GroupingKey {
  readonly job: string;
  readonly [label: string]: string;
}

/**
 * The path of a group below a Pushgateway's URL. A value that is empty or holds a slash is written in base64, as the
 * Pushgateway's README ("URL") says; so are "." and "..", which a URL would take for a way through its path.
 */
export function groupPath(base: URL, { job, ...labels }: GroupingKey): string {
  const segments = [['job', job] as const, ...Object.entries(labels)].map(([label, value]) => segment(label, value));
  return `${base.pathname.replace(/\/$/, '')}/metrics/${segments.join('/')}`;
}

function segment(label: string, value: string): string {
  if (!/^\.{0,2}$|\//.test(value)) return `${label}/${encodeURIComponent(value)}`;
  return `${label}@base64/${Buffer.from(value).toString('base64url') || '='}`;
}
