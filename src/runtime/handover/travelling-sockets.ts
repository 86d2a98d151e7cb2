import type { Connection } from '../connection/connection.ts';
import type { SnowflakeParts } from '../identity/snowflake.ts';
import { parseDecimal } from '../identity/snowflake-decimal.ts';
import type { Socket } from '../socket/socket.ts';
import type { Sockets } from '../socket/sockets.ts';
import type { SocketStamp } from './passport.ts';

/** Sockets that leave with their connection for another node, or come from one: without a word to client or backend. */
export class TravellingSockets {
  private readonly sockets: Sockets;
  private readonly id: SnowflakeParts = { hi: 0, lo: 0 };

  constructor(sockets: Sockets) {
    this.sockets = sockets;
  }

  /** Is no login of this connection on its way? */
  areDecided(connection: Connection): boolean {
    return socketsOf(connection).every((socket) => this.sockets.isConnected(socket));
  }

  stamp(socket: Socket): SocketStamp {
    const { machine, parts } = this.sockets;
    const { id, namespace, user, tokenId, rooms, row } = socket;
    return {
      id,
      namespace: namespace.name,
      user,
      tokenId,
      rooms: rooms === null ? [] : Array.from(rooms, ({ name }) => name),
      expiresAt: parts.table.expiresAt[row]!,
      machine: { state: machine.stateName(row), timers: machine.timers(row) },
    };
  }

  /** Whether sockets like these can live here. */
  accept(stamps: readonly SocketStamp[]): boolean {
    return stamps.every(({ machine }) => this.sockets.machine.knows(machine.state, machine.timers));
  }

  restore(
    connection: Connection,
    { id, namespace, user, tokenId, rooms, expiresAt, machine }: SocketStamp,
  ): void {
    const { table, namespaces, presence, membership, sessions, ids, clock, node } = this.sockets.parts;
    const socket = table.get(id, connection, namespaces.open(namespace));
    socket.user = user;
    socket.tokenId = tokenId;
    table.expiresAt[socket.row] = expiresAt;
    connection.addSocket(socket);
    this.sockets.machine.restore(socket.row, machine.state, machine.timers);
    if (parseDecimal(id, this.id)) ids.set(this.id.hi, this.id.lo, connection.row);
    presence.arrive({ socket: id, user, node, seen: clock.wallNow(), of: socket }, rooms);
    membership.enter(socket);
    membership.join(socket, rooms);
    sessions.add(socket);
    this.sockets.parts.loggedIn(socket);
  }

  /** It lives on another node for good. */
  vanish(socket: Socket): void {
    const { acks, presence, membership, sessions } = this.sockets.parts;
    this.sockets.machine.stop(socket.row);
    acks.left(socket);
    presence.depart(socket.id);
    membership.exit(socket);
    sessions.remove(socket, 'moved');
    this.sockets.dispose(socket);
  }
}

export function socketsOf({ socket, moreSockets }: Connection): readonly Socket[] {
  return socket === null ? [] : [socket, ...(moreSockets ?? [])];
}
