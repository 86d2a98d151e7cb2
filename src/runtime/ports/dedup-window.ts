/**
 * Remembers for a minute which keys were used, so that a retry is harmless.
 *
 * `run` performs `work` for the first use of `key` and hands its result to every later use within the window,
 * also to those that come while the first still runs. A first use that failed frees the key again.
 */
export interface DedupWindow {
  run<T>(key: string, work: () => Promise<T>): Promise<T>;
}
