import type { Revocation } from '../auth/revocation.ts';

/**
 * Revoked tokens of the whole cluster, each until it has ended by itself.
 *
 * Promises reject with `HoldfastError('unavailable')` or `deadline_exceeded` when it cannot be asked.
 */
export interface RevocationStore {
  /** Of a token that is remembered already, the later end counts. */
  remember(revocations: readonly Revocation[]): Promise<void>;
  /** Those that end after `now` (ms since 1970), in no order. */
  all(now: number): Promise<readonly Revocation[]>;
  /** How many `all` would return. */
  count(now: number): Promise<number>;
  /** Forgets those that ended by then. */
  sweep(before: number): Promise<void>;
}
