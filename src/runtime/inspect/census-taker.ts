import type { Gateway } from '../gateway.ts';
import type { Census, CensusFilter, MachineCensus } from '../ports/census.ts';
import type { Clock } from '../ports/clock.ts';
import { ArrowMeter } from './arrow-meter.ts';
import { type ConnectionFilter, concernsSockets, matchesSocket, socketsOf } from './census-filter.ts';
import { hasMatchingSocket, walkConnections } from './connection-walk.ts';
import { countEveryone } from './everyone.ts';
import { StateTally } from './state-tally.ts';

const NOBODY: MachineCensus = { states: {}, arrows: {} };

type Machines = Pick<Census['machines'], 'connection' | 'socket'> & { readonly total: number };

/** Counts the connections and sockets of one gateway. */
export class CensusTaker {
  readonly gateway: Gateway;
  private readonly clock: Clock;
  private readonly connections: StateTally;
  private readonly sockets: StateTally;
  private readonly meters: readonly [connection: ArrowMeter, socket: ArrowMeter];

  constructor(gateway: Gateway, clock: Clock) {
    this.gateway = gateway;
    this.clock = clock;
    this.connections = new StateTally(gateway.runner);
    this.sockets = new StateTally(gateway.sockets.machine);
    this.meters = [new ArrowMeter(gateway.runner), new ArrowMeter(gateway.sockets.machine)];
  }

  /** Whether arrows are being counted. */
  get isMetering(): boolean {
    return this.meters[0].isOn;
  }

  /** To be called a few times a second for as long as somebody wants to know the rates. */
  readMeters(): void {
    for (const meter of this.meters) meter.read(this.clock.now());
  }

  metersOff(): void {
    for (const meter of this.meters) meter.off();
  }

  everyone(): Machines {
    const { connections, socketTable } = this.gateway;
    const [ofConnections, ofSockets] = this.meters;
    return {
      total: connections.size,
      connection: {
        states: countEveryone(this.connections, connections.rows),
        arrows: ofConnections.rates(),
      },
      socket: { states: countEveryone(this.sockets, socketTable.rows), arrows: ofSockets.rates() },
    };
  }

  async matching(filter: ConnectionFilter): Promise<Machines> {
    // Its own: while it walks, others count, too.
    const connections = new StateTally(this.connections.runner);
    const sockets = new StateTally(this.sockets.runner);
    const bySocket = concernsSockets(filter);
    let total = 0;
    await walkConnections(this.gateway, this.clock, filter, (connection) => {
      if (!hasMatchingSocket(connection, filter)) return true;
      total++;
      connections.see(connection.row);
      for (const socket of socketsOf(connection)) {
        if (!bySocket || matchesSocket(socket, filter)) sockets.see(socket.row);
      }
      return true;
    });
    return {
      total,
      connection: { states: connections.result(), arrows: null },
      socket: { states: sockets.result(), arrows: null },
    };
  }
}

/** What a process without connections has to say of them. */
export function nobody(filtered: boolean): Machines {
  const none = filtered ? { ...NOBODY, arrows: null } : NOBODY;
  return { total: 0, connection: none, socket: none };
}

/** Whether anything but the node is asked for. */
export function isUnfiltered(filter: CensusFilter): boolean {
  return Object.entries(filter).every(([name, value]) => name === 'node' || value === undefined);
}
