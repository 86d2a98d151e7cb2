import type { BackendDispatcher } from '../runtime/backend/backend-dispatcher.ts';
import { FLAVOURS, protocolName } from '../runtime/codec/flavour.ts';
import type { Gateway } from '../runtime/gateway.ts';
import type { ConnectionCount, Gauges } from '../runtime/metrics/gauges.ts';

/** What the node holds now, read from its tables when metrics are scraped. */
export function nodeGauges(
  gateway: Gateway,
  backend: BackendDispatcher,
  droppedLogLines: () => number,
): Gauges {
  return {
    connections: () => countConnections(gateway),
    connectionStates: () => statesOf(gateway),
    sockets: () => gateway.socketTable.size,
    users: () => gateway.sessions.userCount,
    rooms: () => gateway.namespaces.roomCount(),
    bufferedBytes: () => bufferedBytes(gateway),
    droppedLogLines,
    backend: () => ({ queued: backend.queued, inFlight: backend.active, breaker: backend.breaker }),
    kafkaConsumerLag: () => 0,
  };
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
