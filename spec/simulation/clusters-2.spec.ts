import { describe, it } from 'vitest';
import { expectCleanSeeds, PATIENCE } from './part.ts';

describe('a cluster in virtual time, second half', () => {
  it('keeps its promises under the faults of seeds 101 to 200', () => expectCleanSeeds(101, 100), PATIENCE);
});
