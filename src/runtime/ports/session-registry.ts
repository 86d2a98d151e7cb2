/**
 * The connections of each user in the whole cluster, for `sessions.maxPerUser`.
 *
 * Promises reject with `HoldfastError('unavailable')` when it cannot be asked: the limit then holds per node only.
 */
export interface SessionRegistry {
  /**
   * A user opened a connection (its public id). Resolves with the ids of those that are too many now, oldest first;
   * they are in the registry no longer.
   */
  enter(user: string, connection: string, limit: number): Promise<readonly string[]>;
  leave(user: string, connection: string): Promise<void>;
}
