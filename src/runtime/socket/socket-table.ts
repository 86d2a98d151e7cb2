import type { Connection } from '../connection/connection.ts';
import type { Namespace } from './namespace.ts';
import { Socket } from './socket.ts';

const INITIAL_ROWS = 1024;

/** The rows of all sockets. Rows are reused; socket objects are not, because backends' answers outlive sockets. */
export class SocketTable {
  /** When the login ends, ms since 1970; Infinity when it does not. */
  expiresAt = new Float64Array(INITIAL_ROWS);
  size = 0;
  private readonly sockets: (Socket | undefined)[] = [];
  private readonly free: number[] = [];

  /** Rows handed out so far; every live row is below it. */
  get rows(): number {
    return this.sockets.length;
  }

  at(row: number): Socket | undefined {
    return this.sockets[row];
  }

  *all(): Iterable<Socket> {
    for (const socket of this.sockets) if (socket !== undefined) yield socket;
  }

  /** Public ids of all there are. */
  *ids(): Iterable<string> {
    for (const socket of this.sockets) if (socket !== undefined) yield socket.id;
  }

  get(id: string, connection: Connection, namespace: Namespace): Socket {
    const row = this.free.pop() ?? this.sockets.length;
    if (row === this.expiresAt.length) {
      const grown = new Float64Array(row * 2);
      grown.set(this.expiresAt);
      this.expiresAt = grown;
    }
    const socket = new Socket(row, id, connection, namespace);
    this.sockets[row] = socket;
    this.expiresAt[row] = Number.POSITIVE_INFINITY;
    this.size++;
    return socket;
  }

  put(socket: Socket): void {
    this.sockets[socket.row] = undefined;
    this.free.push(socket.row);
    this.size--;
  }
}
