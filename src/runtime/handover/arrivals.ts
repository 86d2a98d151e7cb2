import { AttachmentAssembler } from '../codec/attachment-assembler.ts';
import type { CodecLimits } from '../codec/codec-limits.ts';
import type { Admission } from '../connection/admission.ts';
import type { Connection } from '../connection/connection.ts';
import type { ConnectionRunner } from '../connection/connection-runner.ts';
import type { ConnectionTable } from '../connection/connection-table.ts';
import { ConnectionTicket } from '../connection/connection-ticket.ts';
import type { Outbound } from '../connection/outbound.ts';
import type { CommandLetter } from '../delivery/letter.ts';
import type { IdTable } from '../identity/id-table.ts';
import type { TokenBuckets } from '../limits/token-bucket.ts';
import { COUNTER } from '../metrics/counter-slots.ts';
import type { Counters } from '../metrics/counters.ts';
import type { Clock } from '../ports/clock.ts';
import type { Incarnation } from '../ports/lease-store.ts';
import type { WebSocketHandle } from '../ports/web-socket.ts';
import type { Membership } from '../socket/membership.ts';
import { Arrival } from './arrival.ts';
import type { LateCopies } from './late-copies.ts';
import { PASSPORT_VERSION, type Passport } from './passport.ts';
import { socketsOf, type TravellingSockets } from './travelling-sockets.ts';

export interface ArrivalsOptions {
  readonly table: ConnectionTable;
  readonly ids: IdTable;
  readonly runner: ConnectionRunner;
  readonly admission: Pick<Admission, 'arrived'>;
  readonly sockets: TravellingSockets;
  readonly membership: Membership;
  readonly outbound: Outbound;
  readonly messageLimits: TokenBuckets | null;
  readonly codecLimits: CodecLimits;
  /** The engine's time. */
  readonly lately: () => number;
  readonly clock: Clock;
  readonly lateCopies: LateCopies;
  readonly incarnation: (node: number) => Incarnation | null;
  /** Tells those who write to sockets that these live here now. */
  readonly announce: (sockets: readonly string[]) => void;
  /** Deals with a letter that was held back. */
  readonly receive: (letter: CommandLetter) => void;
  readonly counters: Counters;
}

/** How often (ms) is looked whether the old home of a session still lives, and for how long at most. */
const LOOK_EVERY = 500;
const LONGEST_WINDOW = 120_000;

/** Sessions that come from other nodes, where their client began, to the WebSocket that it opened here. */
export class Arrivals {
  private readonly options: ArrivalsOptions;

  constructor(options: ArrivalsOptions) {
    this.options = options;
  }

  /** Whether this node can take such a session on; asked before its old home lets go of it. */
  accepts({ version, machine, sockets }: Passport): boolean {
    // Whatever else is in it, another version may mean something else by it.
    if (version !== PASSPORT_VERSION) return false;
    const { state, timers } = stampHere(machine);
    return this.options.runner.knows(state, timers) && this.options.sockets.accept(sockets);
  }

  /** The session runs here from now on. */
  install(passport: Passport, from: number, webSocket: WebSocketHandle): Connection {
    const { table, ids, runner, admission, sockets, outbound, messageLimits, codecLimits } = this.options;
    const { lately, announce, incarnation, counters } = this.options;
    counters.add(COUNTER.handovers.arrived);
    const connection = table.get(passport.flavour, passport.handshake);
    const { row } = connection;
    admission.arrived(passport.handshake.address);
    connection.idHigh = passport.idHigh;
    connection.idLow = passport.idLow;
    ids.set(connection.idHigh, connection.idLow, row);
    connection.webSocket = webSocket;
    connection.isOnWebSocket = true;
    const { assembly } = passport;
    connection.assembler = assembly === null ? null : AttachmentAssembler.from(assembly, codecLimits);
    connection.move = new Arrival(from, passport.given, this.options.receive);
    table.flags[row] = passport.flags;
    table.interval[row] = passport.interval;
    table.goodBeats[row] = passport.goodBeats;
    table.lastSeen[row] = lately();
    messageLimits?.reset(row);
    const { state, timers } = stampHere(passport.machine);
    runner.restore(row, state, timers);
    for (const stamp of passport.sockets) sockets.restore(connection, stamp);
    announce(passport.sockets.map(({ id }) => id));
    outbound.sendAll(connection, passport.outbox);
    const epoch = incarnation(from)?.epoch;
    const lives = () => incarnation(from)?.epoch === epoch;
    this.watch(new ConnectionTicket(connection), lives, LONGEST_WINDOW / LOOK_EVERY);
    return connection;
  }

  /** A session that had set out for this node stays at home, or has ended. */
  missed(): void {
    this.options.counters.add(COUNTER.handovers.failed);
  }

  /** An old home that dies passes nothing on any more: what was held back for it is given then. */
  private watch(ticket: ConnectionTicket, lives: () => boolean, looks: number): void {
    const { clock } = this.options;
    clock.after(LOOK_EVERY, () => {
      const { connection } = ticket;
      if (!ticket.isLive() || connection.move === null) return;
      if (looks <= 1 || !lives()) this.windowClosed(connection);
      else this.watch(ticket, lives, looks - 1);
    });
  }

  /** The old home passes nothing more on. */
  windowClosed(connection: Connection): void {
    const { move } = connection;
    if (move?.kind !== 'arrival') return;
    connection.move = null;
    const sockets = socketsOf(connection).map(({ id }) => id);
    this.options.lateCopies.expect(move.awaited, move.before, sockets);
    // From now on the socket library may write to it with all others.
    this.options.membership.upgraded(connection);
    for (const letter of move.end()) this.options.receive(letter);
  }
}

/** The machine's stamp as it is after the upgrade. */
function stampHere({ state, timers }: Passport['machine']): Passport['machine'] {
  return {
    state: state.replace('.moving', '.websocket'),
    timers: timers.filter(({ name }) => !name.startsWith('moveTimeout@')),
  };
}
