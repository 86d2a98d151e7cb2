import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { PATIENCE, report } from './part.ts';
import { simulate } from './simulate.ts';
import type { SimulatedBus } from './simulated-cluster.ts';

/**
 * Seeds that once failed, and what they found. What a seed does changes with the product, so each of these may be a
 * harmless one today; what they found has tests of its own as well.
 */
const ONCE_FAILED: readonly (readonly [seed: number, found: string, bus?: SimulatedBus])[] = [
  [9, 'two API nodes wrote to a session that had moved by two ways, of which one was slow'],
  [11, 'a session that moved was given what its new home had got before it came'],
  [21, 'a new home waited for an old one that had died and come back under its number'],
  [37, 'a node that came back passed on what was sent to the sessions of the one before'],
  [47, 'what waited behind letters of the old home was given after all of them'],
  [50, 'records that lay on their way while their node was buried came behind the end'],
  [59, 'a session moved to a node that could not write presence and died: nobody said its end'],
  [63, 'an end was said twice, under two message ids'],
  [121, 'a node whose lease had run out for a moment was passed over, and came back'],
  [136, 'an API node that had just begun did not know where sessions had gone'],
  [137, 'a session moved to a node that had been buried and did not know it yet'],
  [193, 'records were lost from sight with the answer to a read, and overtaken'],
  [
    821,
    'an answer came to a session that had moved by the old home, and directly when that passed nothing on any more',
  ],
  [1376, 'so did a push, and was given twice'],
  [1743, 'what the old home of a session had lost was overtaken by what it passed on'],
  [1507, 'an API node that lost its number while it began went on to hear the log, and nobody ended that'],
  [
    153,
    'ends were said to be written that no broker was ever given: the leader had moved to one that had answered',
    'kafka',
  ],
  [
    181,
    'of two API nodes, the push that was sent later by one overtook that of the other at a new home',
    'kafka',
  ],
  [
    1008,
    'a push was answered and went to the node before: its API node had stood still while that began anew',
  ],
  [196, 'an API node waited for its own commits, which went to a coordinator that had moved', 'kafka'],
  [158, 'a session that presence never had, of a gateway that was given up, got no end', 'kafka'],
  [497, 'a push was done twice, because Redis could not be told that it was done'],
  [
    2204,
    'an API node called what it had in hand of a partition that had become that of another in a failover of Redis',
  ],
];

describe('a seed', () => {
  it.each<SimulatedBus>(['redis', 'kafka'])(
    'does the same again over %s, to the last line of its film',
    async (bus) => {
      const [one, again] = [await simulate({ seed: 7, bus }), await simulate({ seed: 7, bus })];
      expect(one.film.length).toBeGreaterThan(500);
      expect(again.film).toEqual(one.film);
      expect(again.found).toBe(one.found);
    },
    PATIENCE,
  );

  it(
    'does the same again for whoever runs it alone, as the report says',
    async () => {
      const { film, summary } = await simulate({ seed: 84, bus: 'kafka' });
      const script = join(import.meta.dirname, 'main.ts');
      const args = ['--import', 'tsx', script, '--seed', '84', '--bus', 'kafka'];
      const env = { ...process.env, NODE_ENV: 'production' };
      const { stdout } = spawnSync(process.execPath, args, { encoding: 'utf8', env, maxBuffer: 1e8 });
      expect(stdout.split('\n').slice(0, film.length + 1)).toEqual([...film, summary]);
    },
    PATIENCE,
  );

  it(
    'is another life than the next one',
    async () => {
      const [one, other] = [await simulate({ seed: 1 }), await simulate({ seed: 3 })];
      expect(other.film).not.toEqual(one.film);
    },
    PATIENCE,
  );

  it.each(ONCE_FAILED.map(([seed, found, bus = 'redis']) => [seed, bus, found] as const))(
    '%i over %s, which once found that %s, finds nothing',
    async (seed, bus) => {
      const verdict = await simulate({ seed, bus });
      expect(verdict.found === '' ? '' : await report(verdict)).toBe('');
    },
    PATIENCE,
  );
});
