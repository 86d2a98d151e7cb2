import { describe, expect, it } from 'vitest';
import { REDIS_IS_EMPTIED } from './faults.ts';
import { KAFKA_FAULTS } from './kafka-faults.ts';
import { PATIENCE, report } from './part.ts';
import { SAFEGUARDS } from './safeguards.ts';
import { simulate } from './simulate.ts';

describe('a simulation finds out when there is nothing to see to it that', () => {
  it.each(SAFEGUARDS)(
    '$name',
    async (safeguard) => {
      const { bus = 'redis' } = safeguard;
      const faults = [...KAFKA_FAULTS, REDIS_IS_EMPTIED].filter(({ name }) => safeguard.under.includes(name));
      expect(faults).toHaveLength(safeguard.under.length);
      const found = new Set<string>();
      for (const seed of safeguard.seeds) {
        const complete = await simulate({ seed, bus, faults });
        expect(complete.found === '' ? '' : await report(complete)).toBe('');
        const { violations } = await simulate({ seed, bus, faults, without: safeguard });
        for (const { kind } of violations) found.add(kind);
      }
      expect([...found]).toContain(safeguard.finds);
    },
    PATIENCE,
  );
});
