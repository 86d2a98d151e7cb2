import type { BackendDispatcher } from '../runtime/backend/backend-dispatcher.ts';
import { FLAVOURS, protocolName } from '../runtime/codec/flavour.ts';
import type { Gateway } from '../runtime/gateway.ts';
import type { ConnectionCount, Gauges } from '../runtime/metrics/gauges.ts';
import type { NodeRecord } from '../runtime/ports/lease-store.ts';
import type { DependencyCondition } from '../runtime/ports/readiness.ts';

/** Parts of a node that may be absent: by its role, or while it has no number. */
export interface GaugedParts {
  readonly gateway: () => Gateway | null;
  readonly backend: () => BackendDispatcher | null;
  readonly droppedLogLines: () => number;
  readonly kafkaConsumerLag: () => number;
  readonly nodePhase: () => string;
  /** Of a cluster; null on a single node. */
  readonly cluster: ClusterParts | null;
}

export interface ClusterParts {
  readonly waiting: () => number;
  readonly conditions: () => Readonly<Record<string, DependencyCondition>>;
  readonly nodes: () => Iterable<Pick<NodeRecord, 'role'>>;
  readonly leaseRemaining: () => number;
}

/** What the node holds now, read from its tables when metrics are scraped. */
export function nodeGauges(parts: GaugedParts): Gauges {
  const { gateway, backend, droppedLogLines, kafkaConsumerLag, nodePhase, cluster } = parts;
  const ofGateway = <T>(read: (gateway: Gateway) => T, otherwise: T): T => {
    const current = gateway();
    return current === null ? otherwise : read(current);
  };
  return {
    connections: () => ofGateway(countConnections, []),
    connectionStates: () => ofGateway<Iterable<readonly [string, number]>>(statesOf, []),
    sockets: () => ofGateway(({ socketTable }) => socketTable.size, 0),
    users: () => ofGateway(({ sessions }) => sessions.userCount, 0),
    rooms: () => ofGateway(({ namespaces }) => namespaces.roomCount(), 0),
    bufferedBytes: () => ofGateway(bufferedBytes, 0),
    droppedLogLines,
    backend: () => {
      const calls = backend();
      return {
        queued: calls?.queued ?? 0,
        inFlight: calls?.active ?? 0,
        breaker: calls?.breaker ?? 'closed',
      };
    },
    kafkaConsumerLag,
    upstreamQueue: () => cluster?.waiting() ?? 0,
    heartbeatIntervals: () => ofGateway<Iterable<number>>(heartbeatIntervals, []),
    nodePhase,
    dependencies: () => Object.entries(cluster?.conditions() ?? {}).map(([name, { ok }]) => [name, ok]),
    clusterNodes: () => (cluster === null ? [] : countNodes(cluster.nodes())),
    leaseRemaining: () => cluster?.leaseRemaining() ?? null,
  };
}

function countNodes(nodes: Iterable<Pick<NodeRecord, 'role'>>): Map<string, number> {
  const counts = new Map<string, number>([
    ['gateway', 0],
    ['api', 0],
  ]);
  for (const { role } of nodes) counts.set(role, counts.get(role)! + 1);
  return counts;
}

function* heartbeatIntervals({ connections }: Gateway): Iterable<number> {
  for (let row = 0; row < connections.rows; row++) {
    if (connections.at(row) !== undefined) yield connections.interval[row]!;
  }
}

function countConnections(gateway: Gateway): ConnectionCount[] {
  const polling = new Int32Array(FLAVOURS.length);
  const webSocket = new Int32Array(FLAVOURS.length);
  const { connections } = gateway;
  for (let row = 0; row < connections.rows; row++) {
    const connection = connections.at(row);
    if (connection === undefined) continue;
    (connection.webSocket === null ? polling : webSocket)[connection.flavour]++;
  }
  const counts = new Map<string, ConnectionCount>();
  for (const flavour of FLAVOURS) {
    const protocol = protocolName(flavour);
    for (const [transport, perFlavour] of [
      ['polling', polling],
      ['websocket', webSocket],
    ] as const) {
      const key = `${transport} ${protocol}`;
      const before = counts.get(key)?.count ?? 0;
      counts.set(key, { transport, protocol, count: before + perFlavour[flavour] });
    }
  }
  return [...counts.values()];
}

function* statesOf(gateway: Gateway): Iterable<readonly [string, number]> {
  const { population, machine } = gateway.runner;
  for (let state = 1; state < population.length; state++) {
    if (population[state] > 0) yield [machine.states[state], population[state]];
  }
}

function bufferedBytes(gateway: Gateway): number {
  let bytes = 0;
  const { connections } = gateway;
  for (let row = 0; row < connections.rows; row++) {
    const connection = connections.at(row);
    if (connection === undefined) continue;
    bytes += connections.queuedBytes[row] + (connection.webSocket?.getBufferedAmount() ?? 0);
  }
  return bytes;
}
