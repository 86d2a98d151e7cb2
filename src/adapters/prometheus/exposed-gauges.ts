import { totalmem } from 'node:os';
import { getHeapStatistics } from 'node:v8';
import { Gauge, type Registry } from 'prom-client';
import type { Gauges } from '../../runtime/metrics/gauges.ts';

/** Upper bounds in seconds of the distances of heartbeats: around the defaults, and where adaptive ones may lead. */
const HEARTBEAT_BOUNDS: readonly number[] = [1, 2.5, 5, 10, 15, 20, 25, 30, 45, 60, 120, 300];

/** What the node machine can be in, as `/readyz` says it. */
const NODE_PHASES = ['starting', 'ready', 'fenced', 'draining', 'stopped'] as const;

/** Registers what is asked of the node when somebody scrapes. */
export function exposeGauges(registry: Registry, gauges: Gauges, version: string): void {
  const gauge = (name: string, help: string, read: () => number): void => {
    new Gauge({
      name,
      help,
      registers: [registry],
      collect() {
        this.set(read());
      },
    });
  };
  new Gauge({
    name: 'holdfast_connections',
    help: 'Open connections.',
    labelNames: ['transport', 'protocol'],
    registers: [registry],
    collect() {
      this.reset();
      for (const { transport, protocol, count } of gauges.connections())
        this.set({ transport, protocol }, count);
    },
  });
  new Gauge({
    name: 'holdfast_connection_states',
    help: 'Connections in each state of the connection machine.',
    labelNames: ['state'],
    registers: [registry],
    collect() {
      this.reset();
      for (const [state, count] of gauges.connectionStates()) this.set({ state }, count);
    },
  });
  gauge('holdfast_sockets', 'Sockets: clients in a namespace.', () => gauges.sockets());
  gauge('holdfast_users', 'Users with at least one socket here.', () => gauges.users());
  gauge('holdfast_rooms', 'Rooms with at least one socket here.', () => gauges.rooms());
  gauge('holdfast_buffered_bytes', 'Bytes that wait for clients.', () => gauges.bufferedBytes());
  gauge('holdfast_log_lines_dropped', 'Log lines lost because nobody read the output.', () =>
    gauges.droppedLogLines(),
  );
  gauge(
    'holdfast_backend_queue_records',
    'Records that wait for the backend.',
    () => gauges.backend().queued,
  );
  gauge(
    'holdfast_backend_calls_in_flight',
    'Calls of the backend on the way.',
    () => gauges.backend().inFlight,
  );
  gauge('holdfast_kafka_consumer_lag_records', 'Records not yet consumed.', () => gauges.kafkaConsumerLag());
  new Gauge({
    name: 'holdfast_backend_breaker_state',
    help: 'State of the circuit breaker of the backend: 1 for the one it is in.',
    labelNames: ['state'],
    registers: [registry],
    collect() {
      const { breaker } = gauges.backend();
      for (const state of ['closed', 'open', 'half-open']) this.set({ state }, state === breaker ? 1 : 0);
    },
  });
  gauge('holdfast_upstream_queue_records', 'Records of clients that wait for the bus to take them.', () =>
    gauges.upstreamQueue(),
  );
  gauge('holdfast_heap_limit_bytes', 'How large the heap of JavaScript objects may become.', () => {
    return getHeapStatistics().heap_size_limit;
  });
  gauge(
    'holdfast_memory_limit_bytes',
    'Memory that this process may use: what its container is given, or what the machine has.',
    memoryLimit,
  );
  exposeHeartbeats(registry, gauges);
  exposeCluster(registry, gauges);
  new Gauge({
    name: 'holdfast_build_info',
    help: 'Always 1; the version is its label.',
    labelNames: ['version', 'node'],
    registers: [registry],
  }).set({ version, node: process.version }, 1);
}

/** Cumulative as a histogram is, but of the present: it is no counter, so `rate` means nothing. */
function exposeHeartbeats(registry: Registry, gauges: Gauges): void {
  new Gauge({
    name: 'holdfast_heartbeat_interval_connections',
    help: 'Connections whose heartbeats are at most so many seconds (le) apart at the moment.',
    labelNames: ['le'],
    registers: [registry],
    collect() {
      const counts = new Float64Array(HEARTBEAT_BOUNDS.length + 1);
      for (const interval of gauges.heartbeatIntervals()) {
        const bucket = HEARTBEAT_BOUNDS.findIndex((bound) => interval <= bound * 1000);
        counts[bucket === -1 ? HEARTBEAT_BOUNDS.length : bucket]!++;
      }
      let upTo = 0;
      for (const [index, count] of counts.entries()) {
        upTo += count;
        this.set({ le: String(HEARTBEAT_BOUNDS[index] ?? '+Inf') }, upTo);
      }
    },
  });
}

function exposeCluster(registry: Registry, gauges: Gauges): void {
  new Gauge({
    name: 'holdfast_node_state',
    help: 'State of the node: 1 for the one it is in.',
    labelNames: ['state'],
    registers: [registry],
    collect() {
      const phase = gauges.nodePhase();
      for (const state of NODE_PHASES) this.set({ state }, state === phase ? 1 : 0);
    },
  });
  new Gauge({
    name: 'holdfast_dependency_up',
    help: 'Whether the node has what it cannot work without: redis, kafka, its lease.',
    labelNames: ['dependency'],
    registers: [registry],
    collect() {
      for (const [dependency, isUp] of gauges.dependencies()) this.set({ dependency }, isUp ? 1 : 0);
    },
  });
  new Gauge({
    name: 'holdfast_cluster_nodes',
    help: 'Nodes of the cluster that this one sees, itself included.',
    labelNames: ['role'],
    registers: [registry],
    collect() {
      for (const [role, count] of gauges.clusterNodes()) this.set({ role }, count);
    },
  });
  // One that is not set is not exposed: a single node leases no number.
  new Gauge({
    name: 'holdfast_lease_remaining_seconds',
    help: 'For how long the node number surely is this node’s; 0 when it is not.',
    labelNames: [],
    registers: [registry],
    collect() {
      const remaining = gauges.leaseRemaining();
      this.remove();
      if (remaining !== null) this.set(remaining / 1000);
    },
  });
}

function memoryLimit(): number {
  const constrained = process.constrainedMemory?.() ?? 0;
  // Without a limit some systems say an astronomical number.
  return constrained > 0 ? Math.min(constrained, totalmem()) : totalmem();
}
