import { protocolName } from '../codec/flavour.ts';
import type { Connection } from '../connection/connection.ts';
import {
  type EventFrame,
  FILM_FORMAT,
  FILM_VERSION,
  type Film,
  type FilmStart,
  type MachineName,
} from '../film/film.ts';
import type { FilmTables } from '../film/standing-machines.ts';
import { eventNameOf, stepOf } from '../film/step-of.ts';
import { digestOf } from '../film/tables-digest.ts';
import type { Gateway } from '../gateway.ts';
import { socketsOf } from '../handover/travelling-sockets.ts';
import { timeOf } from '../identity/snowflake.ts';
import { toDecimal } from '../identity/snowflake-decimal.ts';
import type { MachineTables } from '../machine/compiled-machine.ts';
import type { ObservedStep, Observer } from '../machine/observed-step.ts';
import type { Clock } from '../ports/clock.ts';
import type { WatchOutcome } from '../ports/inspector.ts';
import { FilmTape, type Follower, type Take } from './film-tape.ts';
import { PacketRecorder } from './packet-recorder.ts';

export interface FilmsOptions {
  readonly gateway: Gateway;
  readonly clock: Clock;
  readonly node: string;
  readonly version: string;
  /** Frames kept per watched connection. */
  readonly history: number;
  readonly maxWatched: number;
  readonly bodies: boolean;
}

/** A tape and what stands on the box. */
interface Reel {
  readonly tape: FilmTape;
  readonly subject: Film['subject'];
}

/** Films of connections that have ended since are kept for whoever comes to fetch them; so many. */
const MOST_ENDED = 32;

/** The films of watched connections. The gateway is observed only while there are any. */
export class Films {
  private readonly options: FilmsOptions;
  private readonly tables: FilmTables;
  private readonly digests: Film['machines'];
  /** By row of the connection. */
  private readonly live = new Map<number, Reel>();
  /** By id, oldest first. */
  private readonly over = new Map<string, Reel>();
  private all = false;

  constructor(options: FilmsOptions) {
    const { gateway } = options;
    this.options = options;
    this.tables = { connection: gateway.runner.machine, socket: gateway.sockets.machine.machine };
    this.digests = { connection: digestOf(this.tables.connection), socket: digestOf(this.tables.socket) };
  }

  /** From now on every connection is watched, from its first step on, and no film is given away. */
  watchAll(): void {
    this.all = true;
    this.observe();
  }

  tapeOf({ row }: Connection): FilmTape | undefined {
    return this.live.get(row)?.tape;
  }

  /** The connection's tape, begun if needed. */
  watch(connection: Connection): FilmTape | Exclude<WatchOutcome, 'watched'> {
    const existing = this.tapeOf(connection);
    if (existing !== undefined) return existing;
    if (this.live.size >= this.options.maxWatched) return 'too many';
    return this.begin(connection);
  }

  /** The film of a connection that is watched, or was until it ended; null when there is none. */
  film(id: string): Film | null {
    const connection = this.options.gateway.connectionOf(id);
    const reel = (connection && this.live.get(connection.row)) ?? this.over.get(id);
    if (reel === undefined) return null;
    const { bodies, version } = this.options;
    return {
      format: FILM_FORMAT,
      version: FILM_VERSION,
      holdfast: version,
      machines: this.digests,
      subject: reel.subject,
      bodies,
      start: reel.tape.startOfFrames(),
      frames: [...reel.tape.frames()],
    };
  }

  /** Films that there are, of live connections and of those that ended. */
  ids(): string[] {
    return [...this.over.keys(), ...Array.from(this.live.values(), ({ subject }) => subject.id)];
  }

  follow(connection: Connection, follower: Follower): (() => void) | null {
    const tape = this.watch(connection);
    if (typeof tape === 'string') return null;
    const { row } = connection;
    const stop = tape.follow(follower);
    return () => {
      stop();
      // The one who came last turns off the light, unless somebody asked to watch without following.
      if (!tape.isFollowed && !tape.kept && this.live.get(row)?.tape === tape)
        this.end(row, { kind: 'ended', why: 'unwatched' });
    };
  }

  /** Ends and forgets a film; false when there is none. */
  unwatch(id: string): boolean {
    const connection = this.options.gateway.connectionOf(id);
    const wasLive = connection !== undefined && this.end(connection.row, { kind: 'ended', why: 'unwatched' });
    return this.over.delete(id) || wasLive;
  }

  /** The row of the connection is given back. */
  released(connection: Connection): void {
    const { row, reason, move } = connection;
    // Watched only after it had moved.
    if (move?.kind === 'departure' && reason === null) return this.moved(connection, move.to);
    this.conclude(row, { kind: 'ended', why: 'closed', ...(reason === null ? {} : { reason }) });
  }

  /** The session is that node's; what is left of it here is only to pass on what still comes for it. */
  moved({ row }: Connection, node: number): void {
    this.conclude(row, { kind: 'ended', why: 'moved', node: String(node) });
  }

  private conclude(row: number, last: Take): void {
    const reel = this.live.get(row);
    if (reel === undefined) return;
    this.end(row, last);
    if (reel.tape.kept) this.keep(reel);
  }

  private keep(reel: Reel): void {
    const most = this.all ? Number.POSITIVE_INFINITY : MOST_ENDED;
    this.over.set(reel.subject.id, reel);
    if (this.over.size > most) this.over.delete(this.over.keys().next().value!);
  }

  private begin(connection: Connection): FilmTape {
    const { clock, history, node } = this.options;
    const time = clock.wallNow();
    const machines = this.machinesOf(connection);
    const tape = new FilmTape(history, () => clock.now(), { time, machines }, this.tables);
    tape.kept = this.all;
    const subject = {
      id: toDecimal(connection.idHigh, connection.idLow),
      node,
      protocol: protocolName(connection.flavour),
      transport: connection.webSocket === null ? 'polling' : 'websocket',
      address: connection.handshake.address,
      openedAt: timeOf(connection.idHigh, connection.idLow),
    };
    if (this.live.size === 0 && !this.all) this.observe();
    this.live.set(connection.row, { tape, subject });
    return tape;
  }

  private end(row: number, last: Take): boolean {
    const reel = this.live.get(row);
    if (reel === undefined) return false;
    this.live.delete(row);
    if (this.live.size === 0 && !this.all) this.options.gateway.observe(null, null, null);
    reel.tape.end(last);
    return true;
  }

  private machinesOf(connection: Connection): FilmStart['machines'] {
    const { runner, sockets } = this.options.gateway;
    const rows = [
      { machine: 'connection' as const, actor: this.actorOf(connection), runner, row: connection.row },
      ...socketsOf(connection).map(({ id, row }) => ({
        machine: 'socket' as const,
        actor: id,
        runner: sockets.machine,
        row,
      })),
    ];
    return rows
      .filter(({ runner, row }) => runner.state(row) !== 0)
      .map(({ machine, actor, runner, row }) => ({
        machine,
        actor,
        state: runner.stateName(row),
        timers: runner.timers(row).map(({ name, remaining }) => ({ name, ms: remaining })),
      }));
  }

  private actorOf({ idHigh, idLow }: Connection): string {
    return toDecimal(idHigh, idLow);
  }

  private observe(): void {
    const { gateway, bodies } = this.options;
    const { connections: table, socketTable } = gateway;
    const tapeOf = (connection: Connection | undefined): FilmTape | undefined => {
      if (connection === undefined) return undefined;
      const isNew = this.all && connection.move?.kind !== 'departure';
      return this.tapeOf(connection) ?? (isNew ? this.begin(connection) : undefined);
    };
    const connections = this.observer('connection', (row) => {
      const connection = table.at(row);
      return { tape: tapeOf(connection), actor: () => this.actorOf(connection!) };
    });
    const sockets = this.observer('socket', (row) => {
      const socket = socketTable.at(row);
      return { tape: tapeOf(socket?.connection), actor: () => socket!.id };
    });
    const watched = () => Array.from(this.live.keys(), (row) => table.at(row)!);
    gateway.observe(connections, sockets, new PacketRecorder({ table, bodies, tapeOf, watched }));
  }

  private observer(
    machine: MachineName,
    find: (row: number) => { readonly tape: FilmTape | undefined; readonly actor: () => string },
  ): Observer {
    return {
      watches: (row) => find(row).tape !== undefined,
      stepped: (row, step) => {
        const { tape, actor } = find(row);
        return tape === undefined ? () => {} : record(tape, machine, actor(), this.tables[machine], step);
      },
    };
  }
}

/** Puts a step on the tape; what is returned tells it that the effects have run. */
function record(
  tape: FilmTape,
  machine: MachineName,
  actor: string,
  tables: MachineTables,
  step: ObservedStep,
): () => void {
  const from = tables.states[step.from]!;
  const { to, effects, armed, cancelled } =
    step.transition === 0
      ? { to: from, effects: [], armed: [], cancelled: [] }
      : stepOf(tables, step.transition);
  const timers: EventFrame['timers'] = {
    armed: armed.map((name) => ({ name, ms: null })),
    cancelled: [...cancelled],
  };
  const done = tape.begin({
    kind: 'event',
    machine,
    actor,
    event: eventNameOf(tables, step.event),
    guards: step.guards.map(({ guard, answer }) => ({ name: tables.guards[guard]!, answer })),
    from,
    to,
    effects: [...effects],
    timers,
  });
  return () => {
    for (const [i, ms] of step.armed.entries()) timers.armed[i]!.ms = ms;
    done();
  };
}
