import { describe, expect, it } from 'vitest';
import { soak } from './support/soak/soak.ts';

/** The short form of `npm run soak`; another seed every day would make failures nobody can repeat. */
describe('a short soak', () => {
  it.each(['redis', 'kafka'] as const)(
    'keeps its promises under faults, on %s',
    { timeout: 180_000 },
    async (bus) => {
      const lines: string[] = [];
      const found = await soak({
        bus,
        length: 0,
        seed: 4,
        clients: 30,
        faultsPerRound: 4,
        say: (line) => lines.push(line),
      });
      expect(found, lines.join('\n')).toEqual([]);
    },
  );
});
