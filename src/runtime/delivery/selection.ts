import type { Namespaces } from '../socket/namespaces.ts';
import type { SessionManager } from '../socket/session-manager.ts';
import type { Socket } from '../socket/socket.ts';
import { isNobody, type Target } from './target.ts';

/** Where a selection looks sockets up. */
export interface Directory {
  readonly namespaces: Namespaces;
  readonly sessions: SessionManager;
  /** The socket with this public id on this node. */
  socket(id: string): Socket | undefined;
}

/**
 * Finds the sockets of this node that a target means, each once. A mark on the socket, compared with the number
 * of the selection, does what a set would, without making one per delivery.
 *
 * A socket named by its id is meant whatever its namespace; users, rooms and everyone are looked up within
 * `namespace`, or within all when it is null. Every socket is in the room of its own id (Socket.IO).
 */
export class Selection {
  private readonly directory: Directory;
  private stamp = 0;

  constructor(directory: Directory) {
    this.directory = directory;
  }

  /** Calls `visit` once for every socket in `to` and not in `except`. */
  forEach(to: Target, except: Target, namespace: string | null, visit: (socket: Socket) => void): void {
    const stamp = ++this.stamp;
    if (!isNobody(except)) {
      this.walk(except, namespace, (socket) => {
        socket.mark = stamp;
      });
    }
    this.walk(to, namespace, (socket) => {
      if (socket.mark === stamp) return;
      socket.mark = stamp;
      visit(socket);
    });
  }

  private walk(target: Target, namespace: string | null, visit: (socket: Socket) => void): void {
    const { directory } = this;
    for (const id of target.sockets) {
      const socket = directory.socket(id);
      if (socket !== undefined) visit(socket);
    }
    for (const user of target.users) {
      const session = directory.sessions.of(user);
      if (session === undefined) continue;
      for (const socket of session.sockets) {
        if (namespace === null || socket.namespace.name === namespace) visit(socket);
      }
    }
    if (target.rooms.length === 0 && !target.everyone) return;
    if (namespace === null) {
      for (const each of directory.namespaces.all()) this.walkNamespace(target, each.name, visit);
    } else {
      this.walkNamespace(target, namespace, visit);
    }
  }

  private walkNamespace(target: Target, name: string, visit: (socket: Socket) => void): void {
    const namespace = this.directory.namespaces.find(name);
    if (namespace === undefined) return;
    for (const roomName of target.rooms) {
      const room = namespace.rooms.get(roomName);
      if (room !== undefined) for (const socket of room.members) visit(socket);
      const own = this.directory.socket(roomName);
      if (own !== undefined && own.namespace === namespace) visit(own);
    }
    if (target.everyone) {
      // `next` is read first: a visitor may remove the socket it is given.
      for (let socket = namespace.first; socket !== null; ) {
        const { next } = socket;
        visit(socket);
        socket = next;
      }
    }
  }
}
