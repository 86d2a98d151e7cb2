import type { Socket } from './socket.ts';
import { UserSession } from './user-session.ts';

/**
 * User → sessions. Above `maxPerUser` connections the oldest is closed as `session limit`, so that a user's
 * newest device always works.
 */
export class SessionManager {
  private readonly sessions = new Map<string, UserSession>();
  private readonly maxPerUser: number;
  private readonly closeOldest: (socket: Socket) => void;

  /** @param maxPerUser 0 means no limit. */
  constructor(maxPerUser: number, closeOldest: (socket: Socket) => void) {
    this.maxPerUser = maxPerUser;
    this.closeOldest = closeOldest;
  }

  get userCount(): number {
    return this.sessions.size;
  }

  of(user: string): UserSession | undefined {
    return this.sessions.get(user);
  }

  add(socket: Socket): void {
    if (socket.user === '') return;
    let session = this.sessions.get(socket.user);
    if (session === undefined) {
      session = new UserSession(socket.user);
      this.sessions.set(socket.user, session);
    }
    session.sockets.add(socket);
    if (this.maxPerUser > 0 && session.sockets.size > this.maxPerUser) this.enforceLimit(session, socket);
  }

  remove(socket: Socket): void {
    const session = this.sessions.get(socket.user);
    if (session === undefined) return;
    session.sockets.delete(socket);
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
