import type { ConnectionEvent } from '../../machines/connection-vocabulary.ts';
import type { CodecLimits } from '../codec/codec-limits.ts';
import { engineRevision, Flavour, isSocketIo } from '../codec/flavour.ts';
import type { EngineErrorName } from '../errors/engine-error.ts';
import type { IdTable } from '../identity/id-table.ts';
import type { SessionIds } from '../identity/session-id.ts';
import type { SnowflakeGenerator } from '../identity/snowflake.ts';
import type { TokenBuckets } from '../limits/token-bucket.ts';
import type { Poll } from '../ports/poll.ts';
import type { WebSocketHandle } from '../ports/web-socket.ts';
import type { Admission } from './admission.ts';
import type { Connection } from './connection.ts';
import type { ConnectionActor } from './connection-actor.ts';
import type { ConnectionMachine } from './connection-machine.ts';
import { type ConnectionTable, Flag } from './connection-table.ts';
import { ConnectionTicket } from './connection-ticket.ts';
import type { Handshake } from './handshake.ts';
import type { HeartbeatInterval } from './heartbeat-interval.ts';
import type { Inbound } from './inbound.ts';
import type { Outbound } from './outbound.ts';
import { Polling } from './polling.ts';

/** The connection that a handshake made, or why there is none. */
export type HandshakeOutcome = Connection | EngineErrorName;

/** What a client speaks, as far as the path tells. */
export type Speaks = 'socket.io' | 'engine.io' | 'websocket';

export interface EngineParts {
  readonly table: ConnectionTable;
  readonly ids: IdTable;
  readonly snowflakes: SnowflakeGenerator;
  readonly sessionIds: SessionIds;
  readonly machine: ConnectionMachine;
  readonly actor: ConnectionActor;
  readonly heartbeat: HeartbeatInterval;
  readonly inbound: Inbound;
  readonly outbound: Outbound;
  readonly admission: Admission;
  /** Null when no limit per connection is configured. */
  readonly messageLimits: TokenBuckets | null;
  /**
   * When packets came, to within a heartbeat's accuracy. Stands still while this process does, so that its own pauses
   * are no silence of its peers.
   */
  readonly clock: { lately(): number };
  readonly limits: CodecLimits;
  /** Logs a bare Engine.IO or WebSocket client in; resolves to whether it may come in. */
  readonly login: ((connection: Connection) => Promise<boolean>) | null;
  /** The connection is open and its flavour joins `/` without being asked. */
  readonly joinImplicitly: (connection: Connection) => void;
  readonly fault: (connection: Connection, error: unknown) => void;
}

/**
 * The Engine.IO server, free of any socket library: what transports are told turns into events of the connection
 * machine, and bytes into packets.
 *
 * Source: Engine.IO protocol, "Handshake", "Polling", "WebSocket", "Upgrade".
 */
export class Engine {
  readonly polling: Polling;
  private readonly parts: EngineParts;

  constructor(parts: EngineParts) {
    this.parts = parts;
    this.polling = new Polling({ ...parts, touch: (connection) => this.touch(connection) });
  }

  /** A client asks for a new connection. */
  handshake(
    handshake: Handshake,
    speaks: Speaks,
    revision: 3 | 4,
    base64: boolean,
  ): HandshakeOutcome | Promise<HandshakeOutcome> {
    const { admission, table, heartbeat, snowflakes, ids, login } = this.parts;
    const refusal = admission.enter(handshake.address);
    if (refusal !== null) return refusal;
    try {
      snowflakes.next();
    } catch {
      admission.leave(handshake.address);
      return 'internal';
    }
    const connection = table.get(flavourOf(speaks, revision), handshake);
    const { row } = connection;
    connection.idHigh = snowflakes.hi;
    connection.idLow = snowflakes.lo;
    ids.set(connection.idHigh, connection.idLow, row);
    table.lastSeen[row] = this.parts.clock.lately();
    table.flags[row] = (base64 ? Flag.base64 : 0) | (speaks === 'socket.io' ? Flag.parserUnknown : 0);
    heartbeat.begin(row);
    this.parts.messageLimits?.reset(row);
    if (login === null || speaks === 'socket.io') return connection;
    return this.logIn(connection, login);
  }

  sidOf(connection: Connection): string {
    return this.parts.sessionIds.issue(connection.idHigh, connection.idLow);
  }

  openedByPolling(connection: Connection, poll: Poll): void {
    connection.poll = poll;
    this.open(connection);
    this.parts.outbound.flushConnection(connection);
  }

  /** A WebSocket opened: the transport of a connection that has none yet, else a candidate to become it. */
  webSocketOpened(connection: Connection, webSocket: WebSocketHandle): void {
    if ((this.parts.table.flags[connection.row] & Flag.opened) === 0)
      this.openedByWebSocket(connection, webSocket);
    else this.candidateOpened(connection, webSocket);
  }

  private openedByWebSocket(connection: Connection, webSocket: WebSocketHandle): void {
    connection.webSocket = webSocket;
    connection.isOnWebSocket = true;
    // The socket library corks a WebSocket while it opens, as it does while it receives.
    this.parts.outbound.beginReceive(connection);
    this.open(connection);
    this.parts.outbound.endReceive();
  }

  /** A client's request was answered with this error. */
  refused(name: EngineErrorName): void {
    this.parts.admission.refused(name);
  }

  /** The client went away between handshake and opening. */
  abandoned(connection: Connection): void {
    this.signal(connection, 'TRANSPORT_CLOSED');
  }

  /** The live connection that `sid` names, if it was opened in this way and revision; null otherwise. */
  find(sid: string, speaks: Speaks, revision: 3 | 4): Connection | null {
    const { sessionIds, ids, table } = this.parts;
    if (!sessionIds.verify(sid)) return null;
    const connection = table.at(ids.get(sessionIds.hi, sessionIds.lo));
    if (connection === undefined || connection.idLow !== sessionIds.lo) return null;
    if (connection.idHigh !== sessionIds.hi) return null;
    const socketIo = isSocketIo(connection.flavour);
    if (socketIo !== (speaks === 'socket.io') || engineRevision(connection.flavour) !== revision) return null;
    return connection;
  }

  /** May a WebSocket with this connection's sid be opened? Whether it becomes a candidate is decided when it is. */
  mayUpgrade(connection: Connection): EngineErrorName | null {
    return this.parts.machine.isClosing(connection.row) ? 'badRequest' : null;
  }

  private candidateOpened(connection: Connection, webSocket: WebSocketHandle): void {
    const { actor } = this.parts;
    actor.arriving = webSocket;
    if (connection.webSocket === null && connection.candidate === null && connection.reason === null) {
      connection.candidate = webSocket;
    }
    this.signal(connection, 'CANDIDATE_OPENED');
    actor.arriving = null;
  }

  /** A message on any WebSocket that belongs to the connection. `bytes` are valid during the call only. */
  received(connection: Connection, webSocket: WebSocketHandle, bytes: Uint8Array, isBinary: boolean): void {
    if (connection.webSocket !== webSocket) {
      if (connection.candidate === webSocket) this.receivedByCandidate(connection, bytes, isBinary);
      return;
    }
    // What comes while the last words are being written is not heard any more.
    if (connection.reason !== null) return;
    const { outbound, inbound } = this.parts;
    this.touch(connection);
    outbound.beginReceive(connection);
    try {
      inbound.frame(connection, bytes, isBinary);
    } catch (fault) {
      this.parts.fault(connection, fault);
    }
    outbound.endReceive();
  }

  /** A pong frame answered our ping frame (plain WebSocket clients). */
  ponged(connection: Connection, webSocket: WebSocketHandle): void {
    if (connection.webSocket !== webSocket) return;
    this.parts.inbound.observer?.signCame(connection, 'websocket', 'pong', 0);
    this.touch(connection);
    this.signal(connection, 'PONG_RECEIVED');
  }

  /** A packet other than ping and pong came: only some states care, and then only does the machine step. */
  heard(connection: Connection): void {
    if (this.parts.machine.listens(connection.row))
      this.parts.machine.send(connection.row, 'PACKET_RECEIVED');
  }

  drained(connection: Connection, webSocket: WebSocketHandle): void {
    if (connection.webSocket !== webSocket) return;
    this.parts.outbound.drained(connection);
    if (connection.reason !== null) this.parts.actor.endWhenWritten(connection);
  }

  /** The socket library dropped a frame of ours, whether it was sent or published. */
  dropped(connection: Connection, webSocket: WebSocketHandle): void {
    if (connection.webSocket === webSocket) this.parts.outbound.dropped(connection);
  }

  webSocketClosed(connection: Connection, webSocket: WebSocketHandle, isClean: boolean): void {
    if (connection.webSocket === webSocket) {
      connection.webSocket = null;
      this.signal(connection, isClean ? 'TRANSPORT_CLOSED' : 'TRANSPORT_FAILED');
    } else if (connection.candidate === webSocket) {
      connection.candidate = null;
      this.signal(connection, 'CANDIDATE_CLOSED');
    }
  }

  /** A message above `engine.maxPayload` began to come in, for which the socket library ended the WebSocket. */
  webSocketOverflowed(connection: Connection, webSocket: WebSocketHandle): void {
    if (connection.webSocket !== webSocket) return this.webSocketClosed(connection, webSocket, true);
    this.parts.inbound.observer?.signCame(connection, 'websocket', 'too large', 0);
    connection.webSocket = null;
    this.signal(connection, 'PAYLOAD_TOO_LARGE');
  }

  signal(connection: Connection, event: ConnectionEvent): void {
    this.parts.machine.send(connection.row, event);
  }

  private open(connection: Connection): void {
    const { machine, joinImplicitly } = this.parts;
    if (connection.reason !== null) return;
    this.parts.table.flags[connection.row] |= Flag.opened;
    if (this.parts.login !== null && !isSocketIo(connection.flavour)) {
      machine.send(connection.row, 'AUTHENTICATED');
    } else {
      machine.start(connection.row);
    }
    if (connection.reason === null && isImplicit(connection.flavour)) joinImplicitly(connection);
  }

  private async logIn(
    connection: Connection,
    login: (connection: Connection) => Promise<boolean>,
  ): Promise<HandshakeOutcome> {
    const ticket = new ConnectionTicket(connection);
    this.parts.machine.start(connection.row);
    const accepted = await login(connection).catch(() => false);
    if (!ticket.isLive() || connection.reason !== null) return 'unauthorized';
    if (accepted) return connection;
    this.signal(connection, 'AUTHENTICATION_FAILED');
    this.signal(connection, 'TRANSPORT_CLOSED');
    return 'unauthorized';
  }

  private touch(connection: Connection): void {
    this.parts.table.lastSeen[connection.row] = this.parts.clock.lately();
  }

  private receivedByCandidate(connection: Connection, bytes: Uint8Array, isBinary: boolean): void {
    this.parts.inbound.observer?.frameCame(connection, bytes, isBinary);
    if (!isBinary && PROBE.equals(bytes)) {
      this.signal(connection, 'PROBE_RECEIVED');
    } else if (!isBinary && bytes.length === 1 && bytes[0] === UPGRADE) {
      this.signal(connection, 'UPGRADE_RECEIVED');
    } else {
      this.signal(connection, 'CANDIDATE_VIOLATED');
    }
  }
}

/** The flavour of a client that has not sent anything yet. */
function flavourOf(speaks: Speaks, revision: 3 | 4): Flavour {
  if (speaks === 'websocket') return Flavour.WEBSOCKET;
  if (speaks === 'engine.io') return revision === 4 ? Flavour.ENGINE_V4 : Flavour.ENGINE_V3;
  return revision === 4 ? Flavour.JSON_V4 : Flavour.JSON_V3;
}

function isImplicit(flavour: Flavour): boolean {
  return !isSocketIo(flavour) || engineRevision(flavour) === 3;
}

const PROBE = Buffer.from('2probe');
const UPGRADE = 0x35;
