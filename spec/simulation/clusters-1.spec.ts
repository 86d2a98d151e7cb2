import { describe, it } from 'vitest';
import { expectCleanSeeds, PATIENCE } from './part.ts';

describe('a cluster in virtual time, first half', () => {
  it('keeps its promises under the faults of seeds 1 to 100', () => expectCleanSeeds(1, 100), PATIENCE);
});
