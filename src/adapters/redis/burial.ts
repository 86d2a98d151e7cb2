import type { Burial } from '../../runtime/ports/burial.ts';
import type { Incarnation } from '../../runtime/ports/lease-store.ts';
import type { ProtocolName, SocketDescription } from '../../runtime/socket-description.ts';
import {
  clientKey,
  clientsOfNode,
  clientsOfRoom,
  clientsOfUser,
  memberOf,
  nodesOfRoom,
  nodesOfUser,
} from './presence-keys.ts';
import type { RedisClient } from './redis-client.ts';
import { sessionsKey } from './session-registry.ts';
import { FENCED, WRITER_LIFETIME, writerKey } from './streams/append.ts';

/** What presence knew of the sockets of a node that died. */
export class RedisBurial implements Burial {
  readonly #client: RedisClient;

  constructor(client: RedisClient) {
    this.#client = client;
  }

  async fence(incarnation: Incarnation): Promise<void> {
    await this.#client.run((redis) => redis.set(writerKey(incarnation), FENCED, 'EX', WRITER_LIFETIME));
  }

  async lost(incarnation: Incarnation, limit: number): Promise<readonly SocketDescription[]> {
    return this.#client.run(async (redis) => {
      const members = await redis.srandmember(clientsOfNode(incarnation), limit);
      const sockets = members as string[];
      const rows = await Promise.all(sockets.map((socket) => redis.hgetall(clientKey(socket))));
      const strays: string[] = [];
      const lost: SocketDescription[] = [];
      for (const [index, socket] of sockets.entries()) {
        const row = rows[index] as Record<string, string>;
        // It had moved on, or had gone before its node did.
        if (row.node === String(incarnation.number)) lost.push(described(socket, row));
        else strays.push(socket);
      }
      if (strays.length === 0) return lost;
      await redis.srem(clientsOfNode(incarnation), strays);
      return lost.length > 0 ? lost : this.lost(incarnation, limit);
    });
  }

  async bury(incarnation: Incarnation, sockets: readonly SocketDescription[]): Promise<void> {
    const member = memberOf(incarnation);
    await this.#client.run((redis) =>
      Promise.all(
        sockets.flatMap(({ id, user, rooms }) => [
          redis.del(clientKey(id)),
          redis.srem(clientsOfNode(incarnation), id),
          ...rooms.flatMap((room) => [
            redis.zrem(clientsOfRoom(room), id),
            redis.zrem(nodesOfRoom(room), member),
          ]),
          ...(user === ''
            ? []
            : [
                redis.zrem(clientsOfUser(user), id),
                redis.zrem(nodesOfUser(user), member),
                redis.srem(sessionsKey(user), id),
              ]),
        ]),
      ),
    );
  }
}

/** A socket as presence has it. */
export function described(id: string, row: Readonly<Record<string, string>>): SocketDescription {
  return {
    id,
    user: row.user ?? '',
    namespace: row.namespace ?? '/',
    rooms: JSON.parse(row.guid ?? '[]') as string[],
    transport: row.transport === 'polling' ? 'polling' : 'websocket',
    address: row.address ?? '',
    locale: row.locale ?? '',
    authType: row.authType ?? '',
    clientVersion: row.clientVersion ?? '',
    protocol: (row.protocol ?? 'socket.io/5') as ProtocolName,
  };
}
