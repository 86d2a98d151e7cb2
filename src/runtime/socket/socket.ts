import { protocolName } from '../codec/flavour.ts';
import type { Connection } from '../connection/connection.ts';
import { localeOf, queryParameter } from '../connection/handshake.ts';
import type { SocketDescription } from '../socket-description.ts';
import type { Namespace } from './namespace.ts';
import type { Room } from './room.ts';

/** One client in one namespace on a connection. */
export class Socket {
  /** Index into every table about sockets. Reused after the socket is gone. */
  readonly row: number;
  /** Public id: a decimal Snowflake, never repeated in the cluster. */
  readonly id: string;
  readonly connection: Connection;
  readonly namespace: Namespace;
  user = '';
  /** What the token of its login is known by; empty where there is none that could be revoked. */
  tokenId = '';
  rooms: Set<Room> | null = null;
  /** Neighbours in the namespace's list of members. */
  previous: Socket | null = null;
  next: Socket | null = null;
  /** Number of the last selection that saw this socket; makes "each socket once" free of sets. */
  mark = 0;
  private description: SocketDescription | null = null;

  constructor(row: number, id: string, connection: Connection, namespace: Namespace) {
    this.row = row;
    this.id = id;
    this.connection = connection;
    this.namespace = namespace;
  }

  /** It has left with its connection, and lives on another node. */
  get isElsewhere(): boolean {
    const { move } = this.connection;
    return move?.kind === 'departure' && move.isComplete;
  }

  isIn(room: string): boolean {
    return room === this.id || this.namespace.rooms.get(room)?.members.has(this) === true;
  }

  /** A snapshot for backends, made anew only after something in it changed. */
  describe(): SocketDescription {
    this.description ??= this.snapshot();
    return this.description;
  }

  changed(): void {
    this.description = null;
  }

  /** Like `describe`, for a socket that is asked once: nothing is kept. */
  snapshot(): SocketDescription {
    const { connection } = this;
    return {
      id: this.id,
      user: this.user,
      namespace: this.namespace.name,
      rooms: this.rooms === null ? [] : Array.from(this.rooms, (room) => room.name),
      transport: connection.isOnWebSocket ? 'websocket' : 'polling',
      address: connection.handshake.address,
      locale: localeOf(connection.handshake),
      authType: queryParameter(connection.handshake, 'authType'),
      clientVersion: queryParameter(connection.handshake, 'clientVersion'),
      protocol: protocolName(connection.flavour),
    };
  }
}
