import type { ReconnectLoop } from '../ports/strange.ts';
import type { FrequentNames } from './comings.ts';

/** Who comes less often in the last minute is no matter. */
const LEAST = 6;
/** Somebody who has come so many times for each connection that there is now does not stay. */
const PER_CONNECTION = 3;

/**
 * Those who come again and again without staying, the most often first. Many devices behind one address, or a user with
 * many tabs, come often, too, but then they are there.
 *
 * @param connectionsOf how many connections a name has now
 */
export function reconnectLoops(
  by: ReconnectLoop['by'],
  names: FrequentNames,
  connectionsOf: (name: string) => number,
  most: number,
): ReconnectLoop[] {
  return names
    .frequent(LEAST)
    .map(({ name, times, within }) => ({
      by,
      key: name,
      connects: times,
      within,
      connections: connectionsOf(name),
    }))
    .filter(({ connects, connections }) => connects >= PER_CONNECTION * Math.max(1, connections))
    .sort((a, b) => b.connects - a.connects)
    .slice(0, most);
}
