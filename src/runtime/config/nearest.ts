import { distance } from 'fastest-levenshtein';

/**
 * The known name most like `unknown`. Someone who forgets the section (`pingInterval`) is understood as well:
 * the last part of a name counts on its own, a little less than the whole.
 */
export function nearest(unknown: string, known: readonly string[]): string {
  const wanted = plain(unknown);
  let best = known[0] ?? '';
  let bestScore = Number.POSITIVE_INFINITY;
  for (const candidate of known) {
    const whole = distance(wanted, plain(candidate));
    const last = distance(wanted, plain(candidate.slice(candidate.lastIndexOf('.') + 1))) + 0.5;
    const score = Math.min(whole, last);
    if (score < bestScore) {
      best = candidate;
      bestScore = score;
    }
  }
  return best;
}

/** Case and separators are what people get wrong first; they should not count. */
function plain(name: string): string {
  return name.toLowerCase().replace(/[-_]/g, '');
}
