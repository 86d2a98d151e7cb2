import { protocolName } from '../codec/flavour.ts';
import type { Connection } from '../connection/connection.ts';
import type { Film, Frame } from '../film/film.ts';
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
import { Films } from './films.ts';
import { inspectedEvent } from './inspected-event.ts';

export interface LiveInspectorOptions {
  readonly gateway: Gateway;
  readonly clock: Clock;
  readonly node: string;
  /** Version of Holdfast, for films. */
  readonly version: string;
  /** Frames kept per watched connection. */
  readonly history: number;
  readonly maxWatched: number;
  /** Whether films show what is in packets. */
  readonly bodies: boolean;
  readonly nodeState: () => string;
}

// biome-ignore lint/suspicious/noExplicitAny: any machine's runner is watched in the same way.
type AnyRunner = MachineRunner<any, any, any, any>;

/** Looks into the machines of a running gateway. The runners are hooked only while somebody watches. */
export class LiveInspector implements Inspector {
  readonly films: Films;
  private readonly options: LiveInspectorOptions;

  constructor(options: LiveInspectorOptions) {
    this.options = options;
    this.films = new Films(options);
    options.gateway.onRelease = (connection) => this.films.released(connection);
    options.gateway.onMove = (connection, node) => this.films.moved(connection, node);
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
      events: this.eventsOf(connection),
    };
  }

  watch(id: string): WatchOutcome {
    const connection = this.options.gateway.connectionOf(id);
    if (connection === undefined) return 'not found';
    const tape = this.films.watch(connection);
    if (typeof tape === 'string') return tape;
    tape.kept = true;
    return 'watched';
  }

  unwatch(id: string): boolean {
    return this.films.unwatch(id);
  }

  film(id: string): Film | null {
    return this.films.film(id);
  }

  follow(id: string, receive: (event: InspectedEvent) => void, ended: () => void): (() => void) | null {
    return this.followFilm(
      id,
      (_, event) => {
        if (event !== null) receive(event);
      },
      ended,
    );
  }

  followFilm(
    id: string,
    receive: (frame: Frame, event: InspectedEvent | null) => void,
    ended: () => void,
  ): (() => void) | null {
    const connection = this.options.gateway.connectionOf(id);
    const tape = connection && this.films.watch(connection);
    if (connection === undefined || tape === undefined || typeof tape === 'string') return null;
    const told = (frame: Frame) => receive(frame, inspectedEvent(frame, tape.timeOf(frame)));
    return this.films.follow(connection, { receive: told, ended });
  }

  private eventsOf(connection: Connection): InspectedEvent[] {
    const tape = this.films.tapeOf(connection);
    const events = tape?.frames().map((frame) => inspectedEvent(frame, tape.timeOf(frame))) ?? [];
    return events.filter((event) => event !== null);
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
      watched: this.films.tapeOf(connection) !== undefined,
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
}

function population(runner: AnyRunner): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const [state, count] of runner.population.entries()) {
    if (count > 0 && state > 0) counts[runner.machine.states[state]!] = count;
  }
  return counts;
}
