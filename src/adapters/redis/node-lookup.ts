import type { Clock } from '../../runtime/ports/clock.ts';
import { nodesOfRoom, nodesOfUser } from './presence-keys.ts';
import type { RedisClient } from './redis-client.ts';

interface Cached {
  readonly until: number;
  readonly members: Promise<readonly string[]>;
}

/** Names whose nodes are remembered. */
const MAX_CACHED = 10_000;

/** Which nodes hold members of users and rooms. Asked once per name within a short time, however many ask. */
export class NodeLookup {
  readonly #client: RedisClient;
  readonly #clock: Clock;
  readonly #directory: { isLive(number: number, epoch: number): boolean };
  readonly #cacheFor: number;
  #cache = new Map<string, Cached>();

  constructor(
    client: RedisClient,
    clock: Clock,
    directory: { isLive(number: number, epoch: number): boolean },
    cacheFor: number,
  ) {
    this.#client = client;
    this.#clock = clock;
    this.#directory = directory;
    this.#cacheFor = cacheFor;
  }

  async nodesOf(users: readonly string[], rooms: readonly string[]): Promise<readonly number[]> {
    const keys = [...users.filter((user) => user !== '').map(nodesOfUser), ...rooms.map(nodesOfRoom)];
    const nodes = new Set<number>();
    for (const members of await Promise.all(keys.map((key) => this.#members(key)))) {
      for (const member of members) {
        const colon = member.indexOf(':');
        const number = Number(member.slice(0, colon));
        if (this.#directory.isLive(number, Number(member.slice(colon + 1)))) nodes.add(number);
      }
    }
    return [...nodes];
  }

  /** This node has changed it: the own writes are seen at once. */
  forget(key: string): void {
    this.#cache.delete(key);
  }

  #members(key: string): Promise<readonly string[]> {
    const now = this.#clock.now();
    const known = this.#cache.get(key);
    if (known !== undefined && known.until > now) return known.members;
    const members = this.#client.run((redis) => redis.zrange(key, 0, '-1'));
    members.catch(() => this.#cache.delete(key));
    if (this.#cacheFor > 0) {
      if (this.#cache.size >= MAX_CACHED) this.#cache = new Map();
      this.#cache.set(key, { until: now + this.#cacheFor, members });
    }
    return members;
  }
}
