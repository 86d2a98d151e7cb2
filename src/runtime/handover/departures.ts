import { lostRecord } from '../cluster/lost-record.ts';
import { engineRevision, isSocketIo } from '../codec/flavour.ts';
import type { Connection } from '../connection/connection.ts';
import type { ConnectionRunner } from '../connection/connection-runner.ts';
import { type ConnectionTable, Flag } from '../connection/connection-table.ts';
import { ConnectionTicket } from '../connection/connection-ticket.ts';
import type { Engine } from '../connection/engine.ts';
import { type Asker, RemoteCandidate } from '../connection/remote-candidate.ts';
import type { Letter } from '../delivery/letter.ts';
import { toDecimal } from '../identity/snowflake-decimal.ts';
import { mask } from '../machine/compiled-machine.ts';
import { COUNTER } from '../metrics/counter-slots.ts';
import type { Counters } from '../metrics/counters.ts';
import type { Clock } from '../ports/clock.ts';
import type { Incarnation } from '../ports/lease-store.ts';
import type { Peers } from '../ports/peers.ts';
import type { Presence } from '../ports/presence.ts';
import type { UpstreamLog } from '../ports/upstream-log.ts';
import type { SocketDescription } from '../socket-description.ts';
import { Departure } from './departure.ts';
import type { LettersSeen } from './letters-seen.ts';
import { PASSPORT_VERSION, type Passport } from './passport.ts';
import type { Tombstones } from './tombstones.ts';
import { socketsOf, type TravellingSockets } from './travelling-sockets.ts';

export interface DeparturesOptions {
  readonly table: ConnectionTable;
  readonly engine: () => Engine;
  readonly runner: ConnectionRunner;
  readonly sockets: TravellingSockets;
  readonly upstreamLog: Pick<UpstreamLog, 'append' | 'flush'>;
  readonly clock: Clock;
  readonly lettersSeen: LettersSeen;
  /** Asks other nodes; null where there are none. */
  readonly peers: Pick<Peers, 'holds'> | null;
  readonly incarnation: (node: number) => Incarnation | null;
  readonly presence: Pick<Presence, 'homesOf' | 'cede'>;
  readonly tombstones: Tombstones;
  readonly post: (node: number, letter: Letter) => void;
  readonly counters: Counters;
}

/** Facts about a client that travel with it. */
const TRAVELLING = Flag.parserUnknown | Flag.idTaken | Flag.disconnectSent | Flag.opened;
/** How often is looked whether all logins of a session are decided, ms. */
const LOGINS_CHECK = 10;
const PROBE = Buffer.from('2probe');
const UPGRADE = Buffer.from('5');

/** Sessions of this node whose client opened its WebSocket on another one. That node asks; the machines decide. */
export class Departures {
  private readonly options: DeparturesOptions;
  private readonly moving: Uint8Array;

  constructor(options: DeparturesOptions) {
    this.options = options;
    this.moving = mask(options.runner.machine, 'open.transport.moving');
  }

  /** A WebSocket with the session's sid is open on another node. False when it may not become the transport. */
  candidateOpened(connection: Connection, asker: Asker): boolean {
    const engine = this.options.engine();
    if (engine.mayUpgrade(connection) !== null) return false;
    const candidate = new RemoteCandidate(asker);
    engine.webSocketOpened(connection, candidate);
    return candidate.isOpen;
  }

  /** `2probe` came on it. What to answer; null when it has to be closed. */
  probed(connection: Connection, asker: Asker): string | null {
    const candidate = candidateOf(connection, asker);
    if (candidate === null) return null;
    this.options.engine().received(connection, candidate, PROBE, false);
    return candidate.isOpen ? candidate.takeSent() : null;
  }

  /** `5` came on it: resolves with the session, ready to travel; null when it stays, or has ended. */
  async upgraded(connection: Connection, asker: Asker): Promise<Passport | null> {
    const candidate = candidateOf(connection, asker);
    const { engine, clock, upstreamLog, sockets, incarnation, post } = this.options;
    if (candidate === null) return null;
    engine().received(connection, candidate, UPGRADE, false);
    const ticket = new ConnectionTicket(connection);
    const isMoving = () => ticket.isLive() && this.isMoving(connection);
    while (isMoving() && !sockets.areDecided(connection)) {
      await new Promise<void>((resolve) => clock.after(LOGINS_CHECK, resolve));
    }
    // Whoever goes to a node that nobody else knows is not found there.
    const host = incarnation(asker.node);
    if (!isMoving() || host === null) return null;
    connection.move = new Departure(host, candidate, post);
    // What the client said here is in the log before what it says there.
    const isLogged = await upstreamLog.flush(socketsOf(connection).map(({ id }) => id)).then(
      () => true,
      () => false,
    );
    if (!isLogged) return null;
    return isMoving() ? this.passport(connection) : null;
  }

  /** The other node has it all. False when it comes too late. */
  arrived(connection: Connection, asker: Asker): boolean {
    if (!this.isMoving(connection) || !isLeavingWith(connection, asker)) return false;
    this.send(connection, 'MOVED');
    return true;
  }

  /** The session runs on the other node. */
  settled(connection: Connection, asker: Asker): void {
    if (isLeavingWith(connection, asker)) this.send(connection, 'SETTLED');
  }

  /** The machine has heard that: what waited for the session goes after it. */
  passOn(connection: Connection): void {
    const move = connection.move as Departure;
    this.options.counters.add(COUNTER.handovers.departed);
    move.complete();
    for (const socket of socketsOf(connection)) void this.cede(socket.snapshot(), move);
  }

  /** The other node has not said that the session runs there. Whether it does; nothing happens while nobody knows. */
  async askNewHome(connection: Connection): Promise<void> {
    const ticket = new ConnectionTicket(connection);
    const { host } = connection.move as Departure;
    const verdict = await this.fateOf(connection).catch(() => 'unknown' as const);
    if (!ticket.isLive() || verdict === 'unknown') return;
    // A new home that lives has counted it, as one that missed or as one that came and ended soon.
    if (verdict === 'lost' && !this.lives(host)) this.options.counters.add(COUNTER.handovers.failed);
    this.send(connection, verdict === 'lost' ? 'MOVE_FAILED' : 'SETTLED');
  }

  /** The WebSocket on the other node is gone, or broke a rule. */
  candidateLost(connection: Connection, asker: Asker): void {
    if (candidateOf(connection, asker) === null) return;
    connection.candidate = null;
    this.send(connection, 'CANDIDATE_CLOSED');
  }

  /** The time in which something may still come for it here is over. */
  vanish(connection: Connection): void {
    const { tombstones, sockets } = this.options;
    const move = connection.move as Departure;
    for (const socket of socketsOf(connection)) {
      tombstones.add(socket.id, move.to);
      sockets.vanish(socket);
    }
    move.passOn({ kind: 'windowClosed', connection: toDecimal(connection.idHigh, connection.idLow) });
  }

  /** Whoever buries the new home finds the socket there; if it comes too late for that, its end is said here. */
  private async cede(socket: SocketDescription, { host }: Departure): Promise<void> {
    const { presence, upstreamLog, clock } = this.options;
    const isTaken = await presence.cede(socket.id, host);
    if (isTaken !== false) return;
    try {
      upstreamLog.append(lostRecord(socket, host.number, clock.wallNow()));
    } catch {
      // This node is going itself.
    }
  }

  /** `there` also for one that died there: its end is said by whoever buries that node. */
  private async fateOf(connection: Connection): Promise<'there' | 'lost' | 'unknown'> {
    const { peers, presence, engine } = this.options;
    const { to, host } = connection.move as Departure;
    const { flavour } = connection;
    const answer = await peers?.holds(to, {
      sid: engine().sidOf(connection),
      speaks: isSocketIo(flavour) ? 'socket.io' : 'engine.io',
      revision: engineRevision(flavour),
    });
    if (answer === 'yes') return 'there';
    if (answer === 'unknown' && this.lives(host)) return 'unknown';
    const homes = await presence.homesOf(socketsOf(connection).map(({ id }) => id));
    return homes.includes(to) ? 'there' : 'lost';
  }

  private lives({ number, epoch }: Incarnation): boolean {
    return this.options.incarnation(number)?.epoch === epoch;
  }

  private isMoving(connection: Connection): boolean {
    return this.options.runner.within(connection.row, this.moving);
  }

  private send(
    connection: Connection,
    event: 'MOVED' | 'CANDIDATE_CLOSED' | 'SETTLED' | 'MOVE_FAILED',
  ): void {
    const { runner } = this.options;
    runner.send(connection.row, runner.machine.event[event]);
  }

  private passport(connection: Connection): Passport {
    const { table, runner, sockets, lettersSeen } = this.options;
    const { row } = connection;
    return {
      version: PASSPORT_VERSION,
      idHigh: connection.idHigh,
      idLow: connection.idLow,
      flavour: connection.flavour,
      handshake: connection.handshake,
      flags: table.flags[row]! & TRAVELLING,
      interval: table.interval[row]!,
      goodBeats: table.goodBeats[row]!,
      machine: { state: runner.stateName(row), timers: runner.timers(row) },
      sockets: socketsOf(connection).map((socket) => sockets.stamp(socket)),
      outbox: connection.outbox ?? [],
      assembly: connection.assembler?.stamp() ?? null,
      given: lettersSeen.all(),
    };
  }
}

/** Whoever was refused, or gave up and is late to say so, has no say in what became of another candidate. */
function candidateOf({ candidate }: Connection, asker: Asker): RemoteCandidate | null {
  return candidate instanceof RemoteCandidate && candidate.isOf(asker) ? candidate : null;
}

function isLeavingWith({ move }: Connection, asker: Asker): boolean {
  return move?.kind === 'departure' && move.isOf(asker);
}
