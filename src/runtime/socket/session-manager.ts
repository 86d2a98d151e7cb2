import type { Connection } from '../connection/connection.ts';
import type { Socket } from './socket.ts';
import { UserSession } from './user-session.ts';

/** Hears of a user's connections on this node: when the first socket of one enters, and when its last has left. */
export interface SessionWatch {
  entered(user: string, connection: Connection): void;
  left(user: string, connection: Connection): void;
}

/**
 * User → sessions. Above `maxPerUser` connections the oldest is closed as `session limit`, so that a user's
 * newest device always works.
 */
export class SessionManager {
  private readonly sessions = new Map<string, UserSession>();
  private readonly maxPerUser: number;
  private readonly closeOldest: (socket: Socket) => void;

  private readonly watch: SessionWatch | null;

  /** @param maxPerUser 0 means no limit. @param watch null when nobody needs to know */
  constructor(maxPerUser: number, closeOldest: (socket: Socket) => void, watch: SessionWatch | null = null) {
    this.watch = watch;
    this.maxPerUser = maxPerUser;
    this.closeOldest = closeOldest;
  }

  get userCount(): number {
    return this.sessions.size;
  }

  of(user: string): UserSession | undefined {
    return this.sessions.get(user);
  }

  all(): Iterable<UserSession> {
    return this.sessions.values();
  }

  add(socket: Socket): void {
    if (socket.user === '') return;
    let session = this.sessions.get(socket.user);
    if (session === undefined) {
      session = new UserSession(socket.user);
      this.sessions.set(socket.user, session);
    }
    if (this.watch !== null && !session.has(socket.connection))
      this.watch.entered(socket.user, socket.connection);
    session.sockets.add(socket);
    if (this.maxPerUser > 0 && session.sockets.size > this.maxPerUser) this.enforceLimit(session, socket);
  }

  /** @param why `moved`: the connection lives on, on another node */
  remove(socket: Socket, why: 'left' | 'moved' = 'left'): void {
    const session = this.sessions.get(socket.user);
    if (session === undefined) return;
    if (!session.sockets.delete(socket)) return;
    if (this.watch !== null && why === 'left' && !session.has(socket.connection))
      this.watch.left(socket.user, socket.connection);
    if (session.sockets.size === 0) this.sessions.delete(socket.user);
  }

  private enforceLimit(session: UserSession, newcomer: Socket): void {
    while (session.connectionCount() > this.maxPerUser) {
      const oldest = session.oldestSocket();
      if (oldest === undefined || oldest.connection === newcomer.connection) return;
      const before = session.sockets.size;
      this.closeOldest(oldest);
      // Closing over polling is not finished at once; the socket leaves the user's session all the same.
      if (session.sockets.size === before) this.remove(oldest);
    }
  }
}
