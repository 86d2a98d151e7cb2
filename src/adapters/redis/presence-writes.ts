import type { Incarnation } from '../../runtime/ports/lease-store.ts';
import type { LocalSocket } from './local-sockets.ts';
import { clientKey, clientsOfNode, clientsOfRoom, clientsOfUser } from './presence-keys.ts';
import type { RedisClient, RedisConnection } from './redis-client.ts';
import { FENCED, writerKey } from './streams/append.ts';

/** Sockets refreshed or rewritten in one go. */
const BATCH = 500;
/** Entries outlive their last refresh by this (s), should nobody be left to remove them. */
export const LIFETIME = 600;

/** Writes everything there is to be known of a socket; nothing of one that another node writes of. */
export function refresh(redis: RedisConnection, self: Incarnation, local: LocalSocket): Promise<unknown>[] {
  if (local.ceded) return [];
  const { entry, seen, rooms } = local;
  const { socket, user, node, of } = entry;
  const known = of?.snapshot();
  const fields = {
    user,
    guid: roomsText(local),
    node: String(node),
    ...(known === undefined
      ? {}
      : {
          namespace: known.namespace,
          transport: known.transport,
          address: known.address,
          locale: known.locale,
          authType: known.authType,
          clientVersion: known.clientVersion,
          protocol: known.protocol,
        }),
  };
  const key = clientKey(socket);
  const writes: Promise<unknown>[] = [
    redis.hset(key, fields),
    redis.expire(key, LIFETIME),
    redis.sadd(clientsOfNode(self), socket),
  ];
  const lists = Array.from(rooms ?? [], clientsOfRoom);
  if (user !== '') lists.push(clientsOfUser(user));
  for (const list of lists) writes.push(redis.zadd(list, seen, socket), redis.expire(list, LIFETIME));
  return writes;
}

/** The socket is gone for good. */
export function erase(
  redis: RedisConnection,
  self: Incarnation,
  { entry: { socket, user }, rooms }: LocalSocket,
): Promise<unknown>[] {
  const writes: Promise<unknown>[] = [redis.del(clientKey(socket)), redis.srem(clientsOfNode(self), socket)];
  if (user !== '') writes.push(redis.zrem(clientsOfUser(user), socket));
  for (const room of rooms ?? []) writes.push(redis.zrem(clientsOfRoom(room), socket));
  return writes;
}

/** KEYS: a socket's row. ARGV: number of the node it lives on. Returns whether there is such a socket. */
export const MOVE = `if redis.call('EXISTS', KEYS[1]) == 0 then return 0 end
redis.call('HSET', KEYS[1], 'node', ARGV[1])
return 1
`;

/** False when the other node was buried before anybody could find the socket there. */
export async function handOver(
  redis: RedisConnection,
  self: Incarnation,
  to: Incarnation,
  local: LocalSocket,
): Promise<boolean> {
  const { socket } = local.entry;
  const [, isThere] = await Promise.all([
    redis.sadd(clientsOfNode(to), socket),
    redis.eval(MOVE, 1, clientKey(socket), String(to.number)),
  ]);
  // Whoever buries a node looks for its sockets behind its fence.
  const [, writer] = await Promise.all([redis.srem(clientsOfNode(self), socket), redis.get(writerKey(to))]);
  if (writer !== FENCED || isThere === 0) return true;
  await Promise.all([...erase(redis, self, local), redis.srem(clientsOfNode(to), socket)]);
  return false;
}

export function roomsText({ rooms }: LocalSocket): string {
  return JSON.stringify([...(rooms ?? [])]);
}

/**
 * One item that cannot be written, such as on a part of Redis that is away, is no reason not to write the others.
 *
 * @param done told of each when it is written
 * @throws what the first that was not written failed with
 */
export async function inBatches<T>(
  client: RedisClient,
  items: readonly T[],
  write: (redis: RedisConnection, item: T) => Promise<unknown>[],
  done: (item: T) => void = () => {},
): Promise<void> {
  let trouble: PromiseRejectedResult | undefined;
  for (let from = 0; from < items.length; from += BATCH) {
    const batch = items.slice(from, from + BATCH);
    await client.run(async (redis) => {
      const outcomes = await Promise.allSettled(batch.map((item) => Promise.all(write(redis, item))));
      const failed = outcomes.filter((outcome) => outcome.status === 'rejected');
      if (failed.length === batch.length) throw failed[0]!.reason;
      trouble ??= failed[0];
      for (const [at, { status }] of outcomes.entries()) if (status === 'fulfilled') done(batch[at]!);
    });
  }
  if (trouble !== undefined) throw trouble.reason;
}
