import type { Revocation } from '../../runtime/auth/revocation.ts';
import type { RevocationStore } from '../../runtime/ports/revocation-store.ts';
import type { RedisClient } from './redis-client.ts';

/** Sorted set of the ids of revoked tokens; score: when the token has ended, ms. */
const KEY = 'holdfast:tokens:revoked';
/** Entries of one command: others wait for Redis, too. */
const BATCH = 1_000;

export class RedisRevocationStore implements RevocationStore {
  readonly #client: RedisClient;

  constructor(client: RedisClient) {
    this.#client = client;
  }

  async remember(revocations: readonly Revocation[]): Promise<void> {
    for (let i = 0; i < revocations.length; i += BATCH) {
      const entries = revocations.slice(i, i + BATCH).flatMap(({ id, until }) => [until, id]);
      await this.#client.run((redis) => redis.zadd(KEY, 'GT', ...entries));
    }
  }

  async all(now: number): Promise<readonly Revocation[]> {
    // A scan passes over nothing that is there all the time, whatever comes and goes meanwhile.
    const ends = new Map<string, number>();
    let cursor = '0';
    do {
      const [next, found] = await this.#client.run((redis) => redis.zscan(KEY, cursor, 'COUNT', BATCH));
      for (let i = 0; i < found.length; i += 2) ends.set(found[i]!, Number(found[i + 1]));
      cursor = next;
    } while (cursor !== '0');
    return Array.from(ends, ([id, until]) => ({ id, until })).filter(({ until }) => until > now);
  }

  count(now: number): Promise<number> {
    return this.#client.run((redis) => redis.zcount(KEY, `(${now}`, '+inf'));
  }

  async sweep(before: number): Promise<void> {
    await this.#client.run((redis) => redis.zremrangebyscore(KEY, '-inf', before));
  }
}
