/** The sum of a metric's samples in a Prometheus exposition, over all label sets that carry `label`. */
export function metricSum(exposition: string, name: string, label = ''): number {
  let sum = 0;
  for (const line of exposition.split('\n')) {
    if (!line.startsWith(name)) continue;
    const next = line[name.length];
    if (next !== ' ' && next !== '{') continue;
    if (label && !line.includes(label)) continue;
    sum += Number(line.slice(line.lastIndexOf(' ') + 1));
  }
  return sum;
}

/** Upper bound of the bucket that holds the quantile of a histogram, between two expositions. */
export function histogramQuantile(
  before: string,
  after: string,
  name: string,
  quantile: number,
): number | null {
  const earlier = buckets(before, name);
  const later = buckets(after, name);
  const counts = [...later].map(([bound, count]) => [bound, count - (earlier.get(bound) ?? 0)] as const);
  counts.sort((a, b) => a[0] - b[0]);
  const total = counts.at(-1)?.[1] ?? 0;
  if (total === 0) return null;
  return counts.find(([, count]) => count >= total * quantile)?.[0] ?? null;
}

function buckets(exposition: string, name: string): Map<number, number> {
  const found = new Map<number, number>();
  for (const match of exposition.matchAll(
    new RegExp(`^${name}_bucket\\{[^}]*le="([^"]+)"[^}]*\\} (\\S+)$`, 'gm'),
  )) {
    const bound = match[1] === '+Inf' ? Number.POSITIVE_INFINITY : Number(match[1]);
    found.set(bound, (found.get(bound) ?? 0) + Number(match[2]));
  }
  return found;
}

/** Mean of what a histogram counted between two expositions, over all label sets that carry `label`; 0 for nothing. */
export function histogramMean(before: string, after: string, name: string, label: string): number {
  const grown = (part: string) =>
    metricSum(after, name + part, label) - metricSum(before, name + part, label);
  const count = grown('_count');
  return count === 0 ? 0 : grown('_sum') / count;
}
