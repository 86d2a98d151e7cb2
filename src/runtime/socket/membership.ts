import type { Flavour } from '../codec/flavour.ts';
import type { Connection } from '../connection/connection.ts';
import type { Presence } from '../ports/presence.ts';
import { Room } from './room.ts';
import type { Socket } from './socket.ts';

/**
 * Who is in which namespace and room on this node, and which of them the socket library can reach by publish.
 * The one place where a topic is subscribed, so that a topic's subscribers are exactly the WebSocket members.
 */
export class Membership {
  private readonly presence: Presence;
  private readonly isPublishable: (connection: Connection) => boolean;

  /** @param isPublishable whether publish may write to it: a WebSocket that takes frames as all others do */
  constructor(presence: Presence, isPublishable: (connection: Connection) => boolean) {
    this.isPublishable = isPublishable;
    this.presence = presence;
  }

  enter(socket: Socket): void {
    socket.namespace.add(socket);
    if (this.isPublishable(socket.connection)) this.subscribe(socket);
    else socket.namespace.polled.add(socket);
  }

  /** Has the socket entered, and not left again? */
  has(socket: Socket): boolean {
    return socket.namespace.has(socket);
  }

  exit(socket: Socket): void {
    this.leaveAll(socket);
    const { namespace, connection } = socket;
    if (!namespace.polled.delete(socket)) {
      namespace.subscribers[connection.flavour]--;
      connection.webSocket?.unsubscribe(namespace.topic(connection.flavour));
    }
    namespace.remove(socket);
  }

  /** The connection's transport has just become a WebSocket: publish reaches its sockets from now on. */
  upgraded(connection: Connection): void {
    if (connection.socket !== null) this.socketUpgraded(connection.socket);
    if (connection.moreSockets !== null)
      for (const socket of connection.moreSockets) this.socketUpgraded(socket);
  }

  /** The connection turns out to have another parser: publish reaches its sockets by other topics from now on. */
  reflavour(connection: Connection, flavour: Flavour): void {
    const reached = socketsOf(connection).filter(
      (socket) => this.has(socket) && !socket.namespace.polled.has(socket),
    );
    for (const socket of reached) this.unsubscribe(socket);
    connection.flavour = flavour;
    for (const socket of reached) this.subscribeToAll(socket);
  }

  /** Returns how many of `names` the socket was not in before. */
  join(socket: Socket, names: readonly string[]): number {
    const joined: string[] = [];
    for (const name of names) {
      const room = socket.namespace.room(name);
      if (room.members.has(socket)) continue;
      room.members.add(socket);
      socket.rooms ??= new Set();
      socket.rooms.add(room);
      joined.push(name);
      this.roomGrew(room, socket);
    }
    if (joined.length > 0) {
      socket.changed();
      this.presence.join(socket.id, joined);
    }
    return joined.length;
  }

  leave(socket: Socket, names: readonly string[]): number {
    const left: string[] = [];
    for (const name of names) {
      const room = socket.namespace.rooms.get(name);
      if (room?.members.has(socket)) {
        this.depart(socket, room);
        left.push(name);
      }
    }
    if (left.length > 0) {
      socket.changed();
      this.presence.leave(socket.id, left);
    }
    return left.length;
  }

  private leaveAll(socket: Socket): void {
    if (socket.rooms === null) return;
    for (const room of socket.rooms) this.depart(socket, room);
    socket.rooms = null;
  }

  private depart(socket: Socket, room: Room): void {
    room.members.delete(socket);
    socket.rooms?.delete(room);
    const { connection, namespace } = socket;
    if (room.published && !namespace.polled.has(socket)) {
      room.subscribers![connection.flavour]--;
      connection.webSocket?.unsubscribe(room.topic(connection.flavour));
    }
    if (room.members.size === 0) namespace.rooms.delete(room.name);
  }

  private subscribe(socket: Socket): void {
    const { connection, namespace } = socket;
    connection.webSocket!.subscribe(namespace.topic(connection.flavour));
    namespace.subscribers[connection.flavour]++;
  }

  private socketUpgraded(socket: Socket): void {
    socket.changed();
    if (!this.isPublishable(socket.connection) || !socket.namespace.polled.delete(socket)) return;
    this.subscribeToAll(socket);
  }

  private subscribeToAll(socket: Socket): void {
    this.subscribe(socket);
    if (socket.rooms !== null) for (const room of socket.rooms) this.subscribeTo(room, socket);
  }

  private unsubscribe(socket: Socket): void {
    const { connection, namespace } = socket;
    connection.webSocket?.unsubscribe(namespace.topic(connection.flavour));
    namespace.subscribers[connection.flavour]--;
    if (socket.rooms !== null) for (const room of socket.rooms) unsubscribeFrom(room, connection);
  }

  private roomGrew(room: Room, newcomer: Socket): void {
    if (room.published) {
      this.subscribeTo(room, newcomer);
    } else if (room.members.size >= Room.PUBLISHED_FROM) {
      room.publish();
      for (const member of room.members) this.subscribeTo(room, member);
    }
  }

  private subscribeTo(room: Room, socket: Socket): void {
    const { connection, namespace } = socket;
    if (!room.published || namespace.polled.has(socket)) return;
    connection.webSocket!.subscribe(room.topic(connection.flavour));
    room.subscribers![connection.flavour]++;
  }
}

function unsubscribeFrom(room: Room, { webSocket, flavour }: Connection): void {
  if (!room.published) return;
  webSocket?.unsubscribe(room.topic(flavour));
  room.subscribers![flavour]--;
}

function socketsOf({ socket, moreSockets }: Connection): readonly Socket[] {
  if (socket === null) return [];
  return moreSockets === null ? [socket] : [socket, ...moreSockets];
}
