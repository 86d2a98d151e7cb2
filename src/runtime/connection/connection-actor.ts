import { CLOSE_REASONS, type CloseReason } from '../../machines/close-reason.ts';
import type {
  ClosingParams,
  ConnectionDelay,
  ConnectionEffects,
  ConnectionGuard,
} from '../../machines/connection-vocabulary.ts';
import type { Frame } from '../codec/engine-packet.ts';
import { engineRevision, Flavour, isSocketIo } from '../codec/flavour.ts';
import type { Implementations } from '../machine/machine-runner.ts';
import type { Clock } from '../ports/clock.ts';
import { PATIENCE } from '../ports/mailbox.ts';
import type { WebSocketHandle } from '../ports/web-socket.ts';
import type { Connection } from './connection.ts';
import type { ConnectionTable } from './connection-table.ts';
import type { ConnectionTimes } from './connection-times.ts';
import type { HeartbeatInterval } from './heartbeat-interval.ts';
import type { Outbound } from './outbound.ts';
import { endPoll, lastWord } from './poll-end.ts';
import { RemoteCandidate } from './remote-candidate.ts';

type Provided = Implementations<ConnectionEffects, ConnectionGuard, ConnectionDelay>;

/** How long the peer may take to end the transport after our farewell, ms. */
const CLOSE_TIMEOUT = 5_000;
/** As in the official server: how often a pending poll is released while an upgrade waits for it, ms. */
const NOOP_INTERVAL = 100;

/**
 * How long what is addressed to a session that moved may still come here, ms: longer than lookups are remembered and
 * pushes wait for the bus.
 */
const STRAY_TIME = 1_000 + PATIENCE.asked;
/** How often the new home of a session is asked whether it runs there, ms. */
const CONFIRM_INTERVAL = 2_000;

/** As in the official server: after these a polling client that is not waiting finds its session unknown. */
const FORFEITS_FAREWELL: ReadonlySet<CloseReason> = new Set([
  'ping timeout',
  'parse error',
  'transport error',
  'payload too large',
]);

export interface ConnectionActorOptions {
  readonly table: ConnectionTable;
  /** As the engine's: stands still while this process does. */
  readonly clock: Pick<Clock, 'now'>;
  readonly outbound: Outbound;
  readonly times: ConnectionTimes;
  readonly heartbeat: HeartbeatInterval;
  readonly maxPayload: number;
  readonly authenticatesFirst: boolean;
  readonly sidOf: (connection: Connection) => string;
  /** The transport ended, or will in a moment: the machine is told. */
  readonly transportClosed: (connection: Connection) => void;
  readonly opened: (connection: Connection) => void;
  /** The connection's transport is a WebSocket from now on. */
  readonly upgraded: (connection: Connection) => void;
  readonly upgradeFailed: (connection: Connection) => void;
  readonly missedBeat: (connection: Connection) => void;
  /** `connection.reason` stands: the sockets on it end. */
  readonly ending: (connection: Connection) => void;
  readonly released: (connection: Connection) => void;
  /** Is the session where it went? The machine is told when that is known. */
  readonly askNewHome: (connection: Connection) => void;
  /** The session runs on another node from now on. */
  readonly moved: (connection: Connection) => void;
  /** STRAYS_READ is to come behind all that was sent to this node. */
  readonly awaitStrays: (connection: Connection) => void;
  /** Nothing of a session that moved is left to do here. */
  readonly vanished: (connection: Connection) => void;
  /** A socket of it owes an acknowledgement that this node gathers. */
  readonly awaitsAcks: (connection: Connection) => boolean;
}

/** Does what the connection machine asks for, and answers what it wants to know. */
export class ConnectionActor {
  /** The WebSocket that has just opened with the sid of an existing connection. */
  arriving: WebSocketHandle | null = null;
  private readonly options: ConnectionActorOptions;
  private readonly table: ConnectionTable;

  constructor(options: ConnectionActorOptions) {
    this.options = options;
    this.table = options.table;
  }

  implementations(): Provided {
    return { effects: this.effects(), guards: this.guards(), delays: this.delays() };
  }

  private effects(): Provided['effects'] {
    const { outbound, heartbeat } = this.options;
    const at = (row: number) => this.table.at(row)!;
    return {
      // The engine awaits the login itself, because the handshake request is what waits for it.
      authenticate: () => {},
      sendOpen: (row) => this.sendOpen(at(row)),
      sendPing: (row) => this.sendPing(at(row)),
      sendPong: (row) => outbound.send(at(row), '3'),
      countBeat: (row) => heartbeat.countBeat(row),
      dropInterval: (row) => {
        heartbeat.drop(row);
        this.options.missedBeat(at(row));
      },
      answerProbe: (row) => this.answerProbe(at(row)),
      releasePoll: (row) => this.releasePoll(at(row)),
      completeUpgrade: (row) => this.completeUpgrade(at(row)),
      closeCandidate: (row) => this.closeCandidate(at(row)),
      beginMove: (row) => this.beginMove(at(row)),
      askNewHome: (row) => this.options.askNewHome(at(row)),
      passOn: (row) => this.options.moved(at(row)),
      awaitStrays: (row) => this.options.awaitStrays(at(row)),
      vanish: (row) => this.options.vanished(at(row)),
      refuseCandidate: () => this.arriving?.close(),
      beginClose: (row, params) => this.beginClose(at(row), params),
      closePoll: (row) => this.closePoll(at(row)),
      cutOff: (row, params) => {
        this.end(at(row), params.reason);
        this.tearDown(at(row));
      },
      acceptEnd: (row, params) => this.end(at(row), params.reason),
      tearDown: (row) => this.tearDown(at(row)),
      release: (row) => this.release(at(row)),
    };
  }

  private guards(): Provided['guards'] {
    const { table, options } = this;
    const { clock, heartbeat, times } = options;
    const flavour = (row: number) => table.at(row)!.flavour;
    return {
      authenticatesFirst: (row) => options.authenticatesFirst && !isSocketIo(flavour(row)),
      startsOnWebsocket: (row) => table.at(row)!.webSocket !== null,
      clientPings: (row) => clientPings(flavour(row)),
      adaptive: () => heartbeat.adaptive,
      candidateIsElsewhere: (row) => table.at(row)!.candidate instanceof RemoteCandidate,
      awaitsAcks: (row) => options.awaitsAcks(table.at(row)!),
      heardWithinSilence: (row) => clock.now() - table.lastSeen[row] < times.pingInterval + times.pingTimeout,
      joinsImplicitly: (row) => !isSocketIo(flavour(row)) || engineRevision(flavour(row)) === 3,
    };
  }

  private delays(): Provided['delays'] {
    const { times, clock } = this.options;
    return {
      authTimeout: () => times.authTimeout,
      pingInterval: (row) => this.table.interval[row],
      pingTimeout: () => times.pingTimeout,
      retry: () => times.retry,
      silence: (row) =>
        Math.max(1, this.table.lastSeen[row] + times.pingInterval + times.pingTimeout - clock.now()),
      upgradeTimeout: () => times.upgradeTimeout,
      noopInterval: () => NOOP_INTERVAL,
      connectTimeout: () => times.connectTimeout,
      moveTimeout: () => times.moveTimeout,
      confirmInterval: () => CONFIRM_INTERVAL,
      strayTime: () => STRAY_TIME,
      strayTimeout: () => PATIENCE.owed,
      closeTimeout: () => CLOSE_TIMEOUT,
    };
  }

  private sendOpen(connection: Connection): void {
    this.options.opened(connection);
    if (connection.flavour === Flavour.WEBSOCKET) return;
    const { times, heartbeat, maxPayload, outbound, sidOf } = this.options;
    const upgrades = connection.webSocket === null ? '["websocket"]' : '[]';
    const limit = engineRevision(connection.flavour) === 4 ? `,"maxPayload":${maxPayload}` : '';
    outbound.send(
      connection,
      `0{"sid":"${sidOf(connection)}","upgrades":${upgrades},"pingInterval":${heartbeat.announced},` +
        `"pingTimeout":${times.pingTimeout}${limit}}`,
    );
  }

  private sendPing(connection: Connection): void {
    const { outbound } = this.options;
    if (connection.flavour !== Flavour.WEBSOCKET) return outbound.send(connection, '2');
    outbound.observer?.signWent(connection, 'websocket', 'ping', 0);
    connection.webSocket?.ping();
  }

  private answerProbe(connection: Connection): void {
    this.options.outbound.observer?.frameWent(connection, 'websocket', PROBED);
    connection.candidate?.send(PROBED, false, false);
  }

  private releasePoll(connection: Connection): void {
    if (connection.poll !== null) this.options.outbound.send(connection, '6');
  }

  private completeUpgrade(connection: Connection): void {
    // What waits goes over the WebSocket; the poll only has to end.
    const { poll } = connection;
    connection.poll = null;
    connection.webSocket = connection.candidate;
    connection.isOnWebSocket = true;
    connection.candidate = null;
    this.table.behindSince[connection.row] = 0;
    endPoll(this.options.outbound, connection, poll, '6');
    this.options.upgraded(connection);
    this.options.outbound.flushConnection(connection);
  }

  /** The client polls no more; what it had waiting is released, as in an upgrade here. */
  private beginMove(connection: Connection): void {
    const { poll } = connection;
    connection.poll = null;
    this.table.behindSince[connection.row] = 0;
    endPoll(this.options.outbound, connection, poll, '6');
  }

  private closeCandidate(connection: Connection): void {
    const { candidate } = connection;
    connection.candidate = null;
    // A candidate that has taken the session along has become its transport, elsewhere.
    if (candidate === null || connection.move !== null) return;
    this.options.upgradeFailed(connection);
    candidate.close();
  }

  private beginClose(connection: Connection, { reason }: ClosingParams): void {
    this.end(connection, reason);
    if (connection.webSocket !== null) {
      this.options.outbound.flushConnection(connection);
      this.endWhenWritten(connection);
    } else if (connection.poll !== null) {
      this.closePoll(connection);
    } else if (FORFEITS_FAREWELL.has(reason)) {
      this.options.transportClosed(connection);
    }
    // Otherwise the next poll gets the farewell, or `closeTimeout` ends it.
  }

  /**
   * Ends a WebSocket on its way out as soon as nothing waits to be written: what was sent before the farewell, such
   * as a DISCONNECT, gets there. A peer that does not read is cut off by `closeTimeout`.
   */
  endWhenWritten(connection: Connection): void {
    const { webSocket, reason } = connection;
    if (webSocket === null || reason === null || webSocket.getBufferedAmount() > 0) return;
    this.options.outbound.observer?.signWent(connection, 'websocket', 'close frame', reason.length + 2);
    webSocket.end(CLOSE_REASONS[reason].code, reason);
  }

  private closePoll(connection: Connection): void {
    if (connection.poll === null) return;
    const { outbound } = this.options;
    if (connection.outbox?.some(isMessage)) {
      // Stock clients hand messages on a tick later than they obey CLOSE: what shares a payload with it is lost to
      // them, a DISCONNECT for example. The next poll gets the CLOSE.
      outbound.flushConnection(connection);
      return;
    }
    outbound.send(connection, '1');
    outbound.flushConnection(connection);
    this.options.transportClosed(connection);
  }

  private end(connection: Connection, reason: CloseReason): void {
    connection.reason = reason;
    this.options.ending(connection);
  }

  private tearDown(connection: Connection): void {
    const { webSocket, poll } = connection;
    connection.webSocket = null;
    connection.poll = null;
    webSocket?.close();
    endPoll(this.options.outbound, connection, poll, lastWord(connection));
  }

  private release(connection: Connection): void {
    const { poll } = connection;
    connection.poll = null;
    endPoll(this.options.outbound, connection, poll, lastWord(connection));
    this.options.released(connection);
  }
}

function clientPings(flavour: Flavour): boolean {
  return flavour !== Flavour.WEBSOCKET && engineRevision(flavour) === 3;
}

const PROBED = '3probe';

/** Everything else is the engine's own and means nothing beside a CLOSE packet. */
function isMessage(frame: Frame): boolean {
  return typeof frame !== 'string' || frame.startsWith('4') || frame.startsWith('b');
}
