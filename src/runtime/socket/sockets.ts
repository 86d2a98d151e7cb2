import type {
  SocketDelay,
  SocketEffects,
  SocketEvent,
  SocketGuard,
} from '../../machines/socket-vocabulary.ts';
import { BARE_EVENT } from '../codec/bare-message.ts';
import type { Body } from '../codec/body.ts';
import { isSocketIo } from '../codec/flavour.ts';
import { ackFrames, disconnectFrame } from '../codec/socket-frame.ts';
import { type SocketPacket, SocketPacketType } from '../codec/socket-packet.ts';
import type { Connection } from '../connection/connection.ts';
import { type ConnectionTable, Flag } from '../connection/connection-table.ts';
import type { Outbound } from '../connection/outbound.ts';
import { type Acks, askerOf } from '../delivery/acks.ts';
import type { IdTable } from '../identity/id-table.ts';
import type { SnowflakeGenerator, SnowflakeParts } from '../identity/snowflake.ts';
import { parseDecimal, toDecimal } from '../identity/snowflake-decimal.ts';
import { mask } from '../machine/compiled-machine.ts';
import type { MachineRunner } from '../machine/machine-runner.ts';
import { COUNTER } from '../metrics/counter-slots.ts';
import type { Counters } from '../metrics/counters.ts';
import type { Clock } from '../ports/clock.ts';
import type { Presence } from '../ports/presence.ts';
import type { Logins } from './logins.ts';
import { TOKEN_EVENT } from './logins.ts';
import type { Membership } from './membership.ts';
import { Namespace } from './namespace.ts';
import type { Namespaces } from './namespaces.ts';
import type { SessionManager } from './session-manager.ts';
import type { Socket } from './socket.ts';
import type { SocketTable } from './socket-table.ts';
import type { Upstream } from './upstream.ts';

/** Namespaces one connection may be in; patterns would otherwise let a client fill memory with names. */
const MAX_SOCKETS = 256;

export type SocketRunner = MachineRunner<SocketEvent, SocketEffects, SocketGuard, SocketDelay>;

export interface SocketsParts {
  readonly table: SocketTable;
  readonly connections: ConnectionTable;
  readonly ids: IdTable;
  readonly snowflakes: SnowflakeGenerator;
  readonly namespaces: Namespaces;
  readonly membership: Membership;
  readonly sessions: SessionManager;
  readonly presence: Presence;
  readonly acks: Acks;
  readonly outbound: Outbound;
  readonly upstream: Upstream;
  readonly logins: Logins;
  readonly counters: Counters;
  readonly clock: Clock;
  readonly node: number;
  /** The login of this socket counts from now on; on its way here it may have ended. */
  readonly loggedIn: (socket: Socket) => void;
  /** Hands an acknowledgement to the node that gathers it. */
  readonly passAck: (node: number, socket: string, ackId: number, body: Body) => void;
  /** Tells the connection below what happened to its sockets. */
  readonly signal: (
    connection: Connection,
    event:
      | 'NAMESPACE_JOINED'
      | 'LAST_NAMESPACE_LEFT'
      | 'PROTOCOL_VIOLATED'
      | 'PARSE_FAILED'
      | 'CLOSE_REQUESTED',
  ) => void;
}

/** Socket.IO on top of the engine: packets of connections become events of sockets. */
export class Sockets {
  readonly parts: SocketsParts;
  private readonly id: SnowflakeParts = { hi: 0, lo: 0 };
  private runner!: SocketRunner;
  private connected!: Uint8Array;
  private joining: { socket: Socket; auth: string | null } | null = null;

  constructor(parts: SocketsParts) {
    this.parts = parts;
  }

  /** The runner needs the actor, and the actor the sockets: the circle is closed here, once. */
  run(runner: SocketRunner): void {
    this.runner = runner;
    this.connected = mask(runner.machine, 'connected');
  }

  /** The machine that runs all sockets, for those who look into it. */
  get machine(): SocketRunner {
    return this.runner;
  }

  /** The socket with this public id on this node. */
  find(id: string): Socket | undefined {
    if (!parseDecimal(id, this.id)) return undefined;
    const connection = this.parts.connections.at(this.parts.ids.get(this.id.hi, this.id.lo));
    if (connection === undefined) return undefined;
    const socket =
      connection.socket?.id === id ? connection.socket : connection.moreSockets?.find((one) => one.id === id);
    return socket !== undefined && this.isConnected(socket) ? socket : undefined;
  }

  packet(connection: Connection, packet: SocketPacket): void {
    switch (packet.type) {
      case SocketPacketType.EVENT:
        return this.event(connection, packet);
      case SocketPacketType.ACK:
        return this.ack(connection, packet);
      case SocketPacketType.CONNECT:
        return this.connect(connection, packet.namespace, packet.payload ?? authOfQuery(packet.query));
      case SocketPacketType.DISCONNECT: {
        const socket = connection.socketIn(packet.namespace);
        if (socket !== null) this.send(socket, 'CLIENT_DISCONNECTED');
        return;
      }
      default:
        return packet.type satisfies never;
    }
  }

  /** A message of a bare Engine.IO or WebSocket client. */
  message(connection: Connection, body: Body): void {
    const { socket } = connection;
    if (socket !== null && this.isConnected(socket))
      this.parts.upstream.message(socket, BARE_EVENT, body, -1);
  }

  /** The client joins a namespace: by a CONNECT packet, or by opening a connection whose flavour has none. */
  connect(connection: Connection, name: string, auth: string | null): void {
    const { parts } = this;
    const count = (connection.socket === null ? 0 : 1) + (connection.moreSockets?.length ?? 0);
    if (connection.socketIn(name) !== null || count >= MAX_SOCKETS) {
      return parts.signal(connection, 'PROTOCOL_VIOLATED');
    }
    const served = !isSocketIo(connection.flavour) || parts.namespaces.isAllowed(name);
    const namespace = served ? parts.namespaces.open(name) : new Namespace(name);
    const socket = parts.table.get(this.issueId(connection), connection, namespace);
    connection.addSocket(socket);
    parts.logins.begin(socket);
    const outer = this.joining;
    this.joining = { socket, auth };
    this.runner.start(socket.row);
    this.joining = outer;
  }

  isServed(socket: Socket): boolean {
    return this.parts.namespaces.find(socket.namespace.name) === socket.namespace;
  }

  authOf(socket: Socket): string | null {
    return this.joining?.socket === socket ? this.joining.auth : this.parts.logins.authOf(socket);
  }

  /** The connection below has its reason to close. */
  connectionEnding(connection: Connection): void {
    this.sendAll(connection, 'CONNECTION_CLOSED');
  }

  /** A backend or an operator wants the socket gone. */
  disconnect(socket: Socket, closeConnection: boolean): void {
    const { connection } = socket;
    this.parts.connections.flags[connection.row] |= Flag.disconnectSent;
    if (!closeConnection && isSocketIo(connection.flavour)) return this.send(socket, 'DISCONNECT_REQUESTED');
    this.sendAll(connection, 'DISCONNECT_REQUESTED');
    this.parts.signal(connection, 'CLOSE_REQUESTED');
  }

  /**
   * Tells stock clients not to come back by themselves: two devices above the limit would otherwise push each other
   * out for ever. Why the connection ends is said when it ends.
   */
  sendAway(connection: Connection): void {
    const { flavour } = connection;
    if (!isSocketIo(flavour)) return;
    for (const socket of [connection.socket, ...(connection.moreSockets ?? [])]) {
      if (socket === null || !this.isConnected(socket)) continue;
      this.parts.outbound.send(connection, disconnectFrame(flavour, socket.namespace.name));
    }
  }

  /** Sends the acknowledgement that a client asked for with its event. */
  acknowledge(id: string, ackId: number, body: Body): void {
    const socket = this.find(id);
    if (socket === undefined || !isSocketIo(socket.connection.flavour)) return;
    const { connection, namespace } = socket;
    this.parts.counters.messagesSent++;
    this.parts.outbound.sendAll(connection, ackFrames(connection.flavour as 0, namespace.name, ackId, body));
  }

  entered(socket: Socket): void {
    const { membership, sessions, presence, ids, clock, node } = this.parts;
    const { connection } = socket;
    if (parseDecimal(socket.id, this.id)) ids.set(this.id.hi, this.id.lo, connection.row);
    presence.add({ socket: socket.id, user: socket.user, node, seen: clock.wallNow(), of: socket });
    membership.enter(socket);
    sessions.add(socket);
    this.parts.signal(connection, 'NAMESPACE_JOINED');
    this.parts.loggedIn(socket);
  }

  forgotten(socket: Socket): void {
    const { parts } = this;
    const { connection } = socket;
    parts.acks.left(socket);
    if (parts.membership.has(socket)) {
      parts.membership.exit(socket);
      parts.presence.remove(socket.id);
      parts.sessions.remove(socket);
    }
    this.dispose(socket);
    if (connection.socket === null && connection.reason === null) {
      parts.signal(connection, 'LAST_NAMESPACE_LEFT');
    }
  }

  /** The socket is out of everything that others look into: its row is another's from now on. */
  dispose(socket: Socket): void {
    const { parts } = this;
    const { connection, namespace } = socket;
    if (this.isServed(socket)) parts.namespaces.release(namespace);
    parts.logins.forget(socket);
    connection.removeSocket(socket);
    parts.table.put(socket);
    if (!parseDecimal(socket.id, this.id)) return;
    const own = this.id.hi === connection.idHigh && this.id.lo === connection.idLow;
    // The connection's own id stays: its sid is found by it.
    if (!own) parts.ids.delete(this.id.hi, this.id.lo);
  }

  send(socket: Socket, event: SocketEvent): void {
    this.runner.send(socket.row, this.runner.machine.event[event]);
  }

  /** A socket in the middle of a step takes the event after it, so nobody may wait for it to be gone. */
  private sendAll(connection: Connection, event: SocketEvent): void {
    const { socket } = connection;
    const others = connection.moreSockets === null ? null : [...connection.moreSockets];
    if (socket !== null) this.send(socket, event);
    if (others !== null) for (const other of others) this.send(other, event);
  }

  isConnected(socket: Socket): boolean {
    return this.runner.within(socket.row, this.connected);
  }

  private event(connection: Connection, packet: SocketPacket): void {
    const socket = connection.socketIn(packet.namespace);
    if (socket === null || !this.isConnected(socket)) return this.strayPacket(connection);
    const body = { args: packet.args, attachments: packet.attachments };
    if (packet.event === TOKEN_EVENT && this.parts.logins.renews(socket)) {
      void this.parts.logins.renew(socket, body, packet.ackId);
      return;
    }
    this.parts.upstream.message(socket, packet.event, body, packet.ackId);
  }

  private ack(connection: Connection, packet: SocketPacket): void {
    const socket = connection.socketIn(packet.namespace);
    if (socket === null || !this.isConnected(socket)) return this.strayPacket(connection);
    const body = { args: packet.args, attachments: packet.attachments };
    if (askerOf(packet.ackId) === this.parts.node) this.parts.acks.received(socket, packet.ackId, body);
    // Asked for by the node that the session came from.
    else this.parts.passAck(askerOf(packet.ackId), socket.id, packet.ackId, body);
  }

  /**
   * A packet for a namespace that the connection is not in. Harmless when a DISCONNECT of ours may have crossed it
   * on the way; otherwise the client is broken, and closed as the official server does.
   */
  private strayPacket(connection: Connection): void {
    this.parts.counters.add(COUNTER.messagesDropped['no namespace']);
    const mayHaveCrossed = (this.parts.connections.flags[connection.row] & Flag.disconnectSent) !== 0;
    if (!mayHaveCrossed) this.parts.signal(connection, 'PARSE_FAILED');
  }

  /** The connection's first socket bears the connection's Snowflake; any other gets one of its own. */
  private issueId(connection: Connection): string {
    const { connections, snowflakes } = this.parts;
    if ((connections.flags[connection.row] & Flag.idTaken) === 0) {
      connections.flags[connection.row] |= Flag.idTaken;
      return toDecimal(connection.idHigh, connection.idLow);
    }
    snowflakes.next();
    return toDecimal(snowflakes.hi, snowflakes.lo);
  }
}

/** Clients of Engine.IO 3 cannot send a payload with CONNECT; what they put behind the namespace takes its place. */
function authOfQuery(query: string): string | null {
  return query === '' ? null : JSON.stringify(Object.fromEntries(new URLSearchParams(query)));
}
