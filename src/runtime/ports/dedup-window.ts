import type { HoldfastError } from '../errors/holdfast-error.ts';

/**
 * Remembers for a minute which keys were used, so that a retry is harmless.
 *
 * `run` performs `work` for the first use of `key` and hands its result to every later use within the window,
 * also to those that come while the first still runs. A first use that failed frees the key again, unless its failure
 * is one that `keeps` says yes to, such as one that leaves open whether it was done: later uses fail the same way.
 */
export interface DedupWindow {
  run<T>(key: string, work: () => Promise<T>, keeps?: (failure: HoldfastError) => boolean): Promise<T>;
}
