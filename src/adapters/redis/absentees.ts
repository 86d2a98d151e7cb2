import type { Target } from '../../runtime/delivery/target.ts';
import { parseDecimal } from '../../runtime/identity/snowflake-decimal.ts';
import type { Absentee, Absentees } from '../../runtime/ports/absentees.ts';
import type { Incarnation } from '../../runtime/ports/lease-store.ts';
import { described } from './burial.ts';
import { clientKey, clientsOfNode, clientsOfRoom, clientsOfUser } from './presence-keys.ts';
import type { RedisClient, RedisConnection } from './redis-client.ts';

/** Sockets looked at for one target; who has more of them on a dead node does not read their names. */
const LIMIT = 10_000;
/** Sockets asked for in one go. */
const BATCH = 500;

/** Reads in presence which sockets other nodes have. */
export class RedisAbsentees implements Absentees {
  readonly #client: RedisClient;
  readonly #directory: { get(number: number): Incarnation | null };

  constructor(client: RedisClient, directory: { get(number: number): Incarnation | null }) {
    this.#client = client;
    this.#directory = directory;
  }

  async of(nodes: readonly number[], target: Target): Promise<readonly Absentee[]> {
    return this.#client.run(async (redis) => {
      const ids = await this.#bearers(redis, nodes, target);
      const found: Absentee[] = [];
      for (let from = 0; from < ids.length; from += BATCH) {
        const batch = ids.slice(from, from + BATCH);
        const rows = await Promise.all(batch.map((id) => redis.hgetall(clientKey(id))));
        for (const [index, row] of rows.entries()) {
          const node = Number(row.node ?? -1);
          if (nodes.includes(node)) found.push({ node, socket: described(batch[index]!, row) });
        }
      }
      return found;
    });
  }

  /** Whoever bears a name of the target, wherever it lives. */
  async #bearers(redis: RedisConnection, nodes: readonly number[], target: Target): Promise<string[]> {
    const lists = [
      ...target.users.filter((user) => user !== '').map(clientsOfUser),
      ...target.rooms.map(clientsOfRoom),
    ];
    const incarnations = target.everyone ? nodes.flatMap((node) => this.#directory.get(node) ?? []) : [];
    const members = await Promise.all([
      ...lists.map((list) => redis.zrange(list, 0, String(LIMIT - 1))),
      ...incarnations.map((incarnation) => redis.srandmember(clientsOfNode(incarnation), LIMIT)),
    ]);
    // Every socket is in the room of its own id, which is nowhere written down.
    const own = [...target.sockets, ...target.rooms.filter(isId)];
    return [...new Set([...own, ...(members as string[][]).flat()])].slice(0, LIMIT);
  }
}

function isId(room: string): boolean {
  return parseDecimal(room, { hi: 0, lo: 0 });
}
