import type { Random } from '../ports/random.ts';

export interface BackoffOptions {
  /** Milliseconds before the first retry; doubles each time. */
  readonly min: number;
  /** Longest pause, in milliseconds. */
  readonly max: number;
}

/**
 * Pause before the next attempt after `failures` (≥ 1) in a row: exponential, with "equal jitter", so that what
 * failed together does not come back together, nor at once.
 */
export function backoff(
  { min, max }: BackoffOptions,
  failures: number,
  random: Pick<Random, 'fraction'>,
): number {
  const ceiling = Math.min(max, min * 2 ** Math.min(failures - 1, 30));
  return ceiling / 2 + (ceiling / 2) * random.fraction();
}
