import { protocolName } from '../codec/flavour.ts';
import type { Connection } from '../connection/connection.ts';
import type { Gateway } from '../gateway.ts';
import { timeOf } from '../identity/snowflake.ts';
import { toDecimal } from '../identity/snowflake-decimal.ts';
import type { MachineRunner } from '../machine/machine-runner.ts';
import type { Clock } from '../ports/clock.ts';
import type {
  ConnectionSearch,
  FoundConnection,
  InspectedConnection,
  InspectedConnectionDetail,
  InspectedEvent,
  InspectedSocket,
  InspectionOverview,
  Inspector,
  WatchOutcome,
} from '../ports/inspector.ts';
import type { Socket } from '../socket/socket.ts';
import { socketsOf, transportOf } from './census-filter.ts';
import { searchConnections } from './connection-search.ts';
import { EventTape } from './event-tape.ts';
import { effectsOf } from './transition-effects.ts';

export interface LiveInspectorOptions {
  readonly gateway: Gateway;
  readonly clock: Clock;
  readonly node: string;
  /** Events kept per watched connection. */
  readonly history: number;
  readonly maxWatched: number;
  readonly nodeState: () => string;
}

// biome-ignore lint/suspicious/noExplicitAny: any machine's runner is watched in the same way.
type AnyRunner = MachineRunner<any, any, any, any>;

/** Looks into the machines of a running gateway. The runners are hooked only while somebody watches. */
export class LiveInspector implements Inspector {
  private readonly options: LiveInspectorOptions;
  /** Watched connections by row. */
  private readonly tapes = new Map<number, EventTape>();

  constructor(options: LiveInspectorOptions) {
    this.options = options;
    options.gateway.onRelease = (connection) => this.released(connection);
  }

  overview(): InspectionOverview {
    const { gateway, node, nodeState } = this.options;
    return {
      node,
      connections: gateway.connections.size,
      sockets: gateway.socketTable.size,
      users: gateway.sessions.userCount,
      rooms: gateway.namespaces.roomCount(),
      states: {
        connection: population(gateway.runner),
        socket: population(gateway.sockets.machine),
        node: { [nodeState()]: 1 },
      },
    };
  }

  connections(search: ConnectionSearch): Promise<readonly FoundConnection[]> {
    const { gateway, clock } = this.options;
    return searchConnections(gateway, clock, search, (connection, since) => ({
      ...this.summary(connection),
      since: since ?? timeOf(connection.idHigh, connection.idLow),
      user: socketsOf(connection).find(({ user }) => user !== '')?.user ?? '',
      sockets: socketsOf(connection).map((socket) => this.socket(socket)),
    }));
  }

  connection(id: string): InspectedConnectionDetail | null {
    const connection = this.options.gateway.connectionOf(id);
    if (connection === undefined) return null;
    const queued = this.options.gateway.connections.queuedBytes[connection.row];
    return {
      ...this.summary(connection),
      sockets: socketsOf(connection).map((socket) => ({
        ...this.socket(socket),
        rooms: socket.snapshot().rooms,
      })),
      bufferedBytes: queued + (connection.webSocket?.getBufferedAmount() ?? 0),
      events: this.tapes.get(connection.row)?.events() ?? [],
    };
  }

  watch(id: string): WatchOutcome {
    const tape = this.tapeOf(id);
    if (typeof tape === 'string') return tape;
    tape.kept = true;
    return 'watched';
  }

  unwatch(id: string): boolean {
    const connection = this.options.gateway.connectionOf(id);
    return connection !== undefined && this.drop(connection.row);
  }

  follow(id: string, receive: (event: InspectedEvent) => void, ended: () => void): (() => void) | null {
    const tape = this.tapeOf(id);
    if (typeof tape === 'string') return null;
    const { row } = this.options.gateway.connectionOf(id)!;
    const stop = tape.follow(receive, ended);
    return () => {
      stop();
      // The one who came last turns off the light, unless somebody asked to watch without following.
      if (!tape.isFollowed && !tape.kept && this.tapes.get(row) === tape) this.drop(row);
    };
  }

  /** The connection's tape, made if needed. */
  private tapeOf(id: string): EventTape | Exclude<WatchOutcome, 'watched'> {
    const connection = this.options.gateway.connectionOf(id);
    if (connection === undefined) return 'not found';
    const existing = this.tapes.get(connection.row);
    if (existing !== undefined) return existing;
    if (this.tapes.size >= this.options.maxWatched) return 'too many';
    const tape = new EventTape(this.options.history);
    this.tapes.set(connection.row, tape);
    this.hook();
    return tape;
  }

  private summary(connection: Connection): InspectedConnection {
    const { gateway } = this.options;
    return {
      id: toDecimal(connection.idHigh, connection.idLow),
      state: gateway.runner.stateName(connection.row),
      transport: transportOf(connection),
      protocol: protocolName(connection.flavour),
      address: connection.handshake.address,
      openedAt: timeOf(connection.idHigh, connection.idLow),
      watched: this.tapes.has(connection.row),
    };
  }

  private socket(socket: Socket): Omit<InspectedSocket, 'rooms'> {
    return {
      id: socket.id,
      namespace: socket.namespace.name,
      user: socket.user,
      state: this.options.gateway.sockets.machine.stateName(socket.row),
    };
  }

  private hook(): void {
    const { gateway } = this.options;
    gateway.runner.observe = this.observer('connection', gateway.runner, (row) => row);
    gateway.sockets.machine.observe = this.observer('socket', gateway.sockets.machine, (row) => {
      return gateway.socketTable.at(row)?.connection.row ?? -1;
    });
  }

  private observer(
    machine: 'connection' | 'socket',
    runner: AnyRunner,
    connectionRow: (row: number) => number,
  ) {
    return (row: number, event: number, from: number, to: number, transition: number): void => {
      const tape = this.tapes.get(connectionRow(row));
      if (tape === undefined) return;
      tape.record({
        time: this.options.clock.wallNow(),
        machine,
        event: runner.eventName(event),
        from: runner.machine.states[from]!,
        to: runner.machine.states[to]!,
        effects: effectsOf(runner.machine, transition),
      });
    };
  }

  private released(connection: Connection): void {
    if (this.tapes.size > 0) this.drop(connection.row);
  }

  private drop(row: number): boolean {
    const tape = this.tapes.get(row);
    if (tape === undefined) return false;
    this.tapes.delete(row);
    tape.end();
    if (this.tapes.size === 0) {
      this.options.gateway.runner.observe = null;
      this.options.gateway.sockets.machine.observe = null;
    }
    return true;
  }
}

function population(runner: AnyRunner): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const [state, count] of runner.population.entries()) {
    if (count > 0 && state > 0) counts[runner.machine.states[state]!] = count;
  }
  return counts;
}
