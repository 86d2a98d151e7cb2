import type { Connection } from '../connection/connection.ts';
import type { Socket } from './socket.ts';

/** All sockets of one user on this node, oldest first: their devices, tabs and namespaces. */
export class UserSession {
  readonly user: string;
  readonly sockets = new Set<Socket>();

  constructor(user: string) {
    this.user = user;
  }

  /** Connections of the user, oldest first; one connection may carry several of the user's sockets. */
  oldestSocket(): Socket | undefined {
    for (const socket of this.sockets) return socket;
    return undefined;
  }

  /** Whether any of them is on this connection. */
  has(connection: Connection): boolean {
    for (const socket of this.sockets) if (socket.connection === connection) return true;
    return false;
  }

  connectionCount(): number {
    const rows = new Set<number>();
    for (const socket of this.sockets) rows.add(socket.connection.row);
    return rows.size;
  }
}
