import { compareDecimals } from '../../runtime/identity/snowflake-decimal.ts';
import type { SessionRegistry } from '../../runtime/ports/session-registry.ts';
import type { RedisClient } from './redis-client.ts';

/** Sessions of nobody who lived this long (s) without a newcomer are forgotten: longer than any login lasts. */
const FORGET_AFTER = 7 * 24 * 3600;

export function sessionsKey(user: string): string {
  return `holdfast:user:connections:${user}`;
}

/** The connections of each user, in a set: their ids tell their age. */
export class RedisSessionRegistry implements SessionRegistry {
  readonly #client: RedisClient;

  constructor(client: RedisClient) {
    this.#client = client;
  }

  async enter(user: string, connection: string, limit: number): Promise<readonly string[]> {
    const key = sessionsKey(user);
    return this.#client.run(async (redis) => {
      const [, , members] = await Promise.all([
        redis.sadd(key, connection),
        redis.expire(key, FORGET_AFTER),
        redis.smembers(key),
      ]);
      const excess = members.length - limit;
      if (excess <= 0) return [];
      const oldest = members.sort(compareDecimals).slice(0, excess);
      // Who removes it ends it: of two that come at once only one does.
      const removed = await Promise.all(oldest.map((id) => redis.srem(key, id)));
      return oldest.filter((_id, index) => removed[index] === 1);
    });
  }

  async leave(user: string, connection: string): Promise<void> {
    await this.#client.run((redis) => redis.srem(sessionsKey(user), connection));
  }
}
