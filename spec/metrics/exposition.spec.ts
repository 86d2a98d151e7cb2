import { performance } from 'node:perf_hooks';
import { afterEach, describe, expect, it } from 'vitest';
import { createExposition, type Exposition } from '../../src/adapters/prometheus/exposition.ts';
import { CLOSE_REASONS } from '../../src/machines/close-reason.ts';
import { nodeMachine } from '../../src/machines/node.ts';
import { COUNTER, COUNTER_FAMILIES, COUNTER_SLOTS } from '../../src/runtime/metrics/counter-slots.ts';
import type { Gauges } from '../../src/runtime/metrics/gauges.ts';
import { Histogram } from '../../src/runtime/metrics/histogram.ts';
import { Metrics } from '../../src/runtime/metrics/metrics.ts';

const GAUGES: Gauges = {
  connections: () => [
    { transport: 'websocket', protocol: 'socket.io/5', count: 3 },
    { transport: 'polling', protocol: 'socket.io/4', count: 1 },
  ],
  connectionStates: () => new Map([['open', 4]]),
  sockets: () => 5,
  users: () => 2,
  rooms: () => 6,
  bufferedBytes: () => 7,
  droppedLogLines: () => 10,
  backend: () => ({ queued: 8, inFlight: 9, breaker: 'open' }),
  kafkaConsumerLag: () => 0,
  upstreamQueue: () => 11,
  heartbeatIntervals: () => [1_000, 25_000, 25_000, 3_600_000],
  nodePhase: () => 'fenced',
  dependencies: () => [
    ['redis', true],
    ['lease', false],
  ],
  clusterNodes: () => [['gateway', 3]],
  leaseRemaining: () => 1_500,
};

/** The names every dashboard may rely on, with their labels, from the contract. */
const PROMISED: readonly (readonly [name: string, type: string, labels: readonly string[]])[] = [
  ['holdfast_connections', 'gauge', ['transport', 'protocol']],
  ['holdfast_sockets', 'gauge', []],
  ['holdfast_users', 'gauge', []],
  ['holdfast_rooms', 'gauge', []],
  ['holdfast_connection_states', 'gauge', ['state']],
  ['holdfast_connects_total', 'counter', []],
  ['holdfast_disconnects_total', 'counter', ['reason']],
  ['holdfast_messages_received_total', 'counter', []],
  ['holdfast_messages_sent_total', 'counter', []],
  ['holdfast_messages_dropped_total', 'counter', ['reason']],
  ['holdfast_bytes_received_total', 'counter', []],
  ['holdfast_bytes_sent_total', 'counter', []],
  ['holdfast_push_requests_total', 'counter', ['method', 'code']],
  ['holdfast_push_duration_seconds', 'histogram', []],
  ['holdfast_delivery_delay_seconds', 'histogram', ['stage']],
  ['holdfast_backend_duration_seconds', 'histogram', []],
  ['holdfast_redis_duration_seconds', 'histogram', []],
  ['holdfast_kafka_produce_duration_seconds', 'histogram', []],
  ['holdfast_kafka_consumer_lag_records', 'gauge', []],
  ['holdfast_event_loop_delay_seconds', 'histogram', []],
];

let exposition: Exposition | null = null;
afterEach(() => exposition?.close());

function expose(metrics = new Metrics(), gauges = GAUGES) {
  exposition = createExposition({ metrics, gauges, version: '1.2.3' });
  return { metrics, scrape: async () => (await exposition!.scrape()).split('\n') };
}

/** Label names of the samples of a family. */
function labelsOf(lines: readonly string[], family: string): Set<string> {
  const own = new RegExp(`^${family}(?:_bucket|_sum|_count)?(?:{(.*)})? `);
  const found = lines.flatMap((line) =>
    [...(own.exec(line)?.[1] ?? '').matchAll(/(\w+)="/g)].map(([, name]) => name!),
  );
  return new Set(found.filter((name) => name !== 'le'));
}

describe('the exposed metrics', () => {
  it('bear the names, types and labels of the contract', async () => {
    const { metrics, scrape } = expose();
    metrics.counters.add(COUNTER.pushRequests.Emit.ok);
    const lines = await scrape();
    for (const [name, type, labels] of PROMISED) {
      expect(lines, name).toContain(`# TYPE ${name} ${type}`);
      expect([...labelsOf(lines, name)].sort(), name).toEqual([...labels].sort());
    }
  });

  it('count what the node counted, by label', async () => {
    const { metrics, scrape } = expose();
    const { counters } = metrics;
    counters.connects++;
    counters.bytesSent += 2 ** 40;
    counters.droppedVolatile++;
    counters.add(COUNTER.disconnects['ping timeout'], 3);
    counters.add(COUNTER.pushRequests.Emit.resource_exhausted, 2);
    for (let scrapes = 0; scrapes < 2; scrapes++) {
      const lines = await scrape();
      expect(lines).toContain('holdfast_connects_total 1');
      expect(lines).toContain(`holdfast_bytes_sent_total ${2 ** 40}`);
      expect(lines).toContain('holdfast_messages_dropped_total{reason="volatile"} 1');
      expect(lines).toContain('holdfast_disconnects_total{reason="ping timeout"} 3');
      expect(lines).toContain('holdfast_push_requests_total{method="Emit",code="resource_exhausted"} 2');
    }
  });

  it('have a series for every close reason before anything closed', async () => {
    const lines = await expose().scrape();
    for (const reason of Object.keys(CLOSE_REASONS)) {
      expect(lines).toContain(`holdfast_disconnects_total{reason="${reason}"} 0`);
    }
    expect(lines.filter((line) => line.startsWith('holdfast_push_requests_total{'))).toEqual([]);
  });

  it('ask the node for what it holds', async () => {
    const lines = await expose().scrape();
    expect(lines).toContain('holdfast_connections{transport="websocket",protocol="socket.io/5"} 3');
    expect(lines).toContain('holdfast_connection_states{state="open"} 4');
    expect(lines).toContain('holdfast_rooms 6');
    expect(lines).toContain('holdfast_log_lines_dropped 10');
    expect(lines).toContain('holdfast_backend_breaker_state{state="open"} 1');
    expect(lines).toContain('holdfast_backend_breaker_state{state="closed"} 0');
    expect(lines).toContain(`holdfast_build_info{version="1.2.3",node="${process.version}"} 1`);
    expect(lines.some((line) => line.startsWith('process_resident_memory_bytes '))).toBe(true);
  });

  it('say what the node is, what it has, and whom it sees', async () => {
    const lines = await expose().scrape();
    expect(lines).toContain('holdfast_node_state{state="fenced"} 1');
    expect(lines).toContain('holdfast_node_state{state="ready"} 0');
    expect(lines).toContain('holdfast_dependency_up{dependency="redis"} 1');
    expect(lines).toContain('holdfast_dependency_up{dependency="lease"} 0');
    expect(lines).toContain('holdfast_cluster_nodes{role="gateway"} 3');
    expect(lines).toContain('holdfast_lease_remaining_seconds 1.5');
    expect(lines).toContain('holdfast_upstream_queue_records 11');
  });

  it('know every state of the node machine', async () => {
    const lines = await expose().scrape();
    for (const state of Object.keys(nodeMachine.config.states ?? {})) {
      expect(lines.filter((line) => line.startsWith(`holdfast_node_state{state="${state}"}`))).toHaveLength(
        1,
      );
    }
  });

  it('have no lease where numbers are not leased', async () => {
    const gauges = { ...GAUGES, leaseRemaining: () => null };
    const lines = await expose(new Metrics(), gauges).scrape();
    expect(lines.filter((line) => line.startsWith('holdfast_lease_remaining_seconds'))).toEqual([]);
  });

  it('count connections by the distance of their heartbeats, cumulatively', async () => {
    const lines = await expose().scrape();
    const upTo = (le: string) =>
      lines.find((line) => line.startsWith(`holdfast_heartbeat_interval_connections{le="${le}"}`));
    expect(upTo('1')?.split(' ').at(-1)).toBe('1');
    expect(upTo('20')?.split(' ').at(-1)).toBe('1');
    expect(upTo('25')?.split(' ').at(-1)).toBe('3');
    expect(upTo('300')?.split(' ').at(-1)).toBe('3');
    expect(upTo('+Inf')?.split(' ').at(-1)).toBe('4');
  });

  it('compare memory with what there is of it', async () => {
    const lines = await expose().scrape();
    const value = (name: string) =>
      Number(
        lines
          .find((line) => line.startsWith(`${name} `))
          ?.split(' ')
          .at(-1),
      );
    expect(value('process_resident_memory_bytes')).toBeLessThan(value('holdfast_memory_limit_bytes'));
    expect(value('nodejs_heap_size_used_bytes')).toBeLessThan(value('holdfast_heap_limit_bytes'));
  });

  it('show histograms in seconds with cumulative buckets', async () => {
    const { metrics, scrape } = expose();
    metrics.deliveryDelay.mailbox.observe(3);
    metrics.deliveryDelay.mailbox.observe(5);
    metrics.deliveryDelay.mailbox.observe(60_000);
    const lines = await scrape();
    const own = (suffix: string) =>
      lines
        .find((line) => line.startsWith(`holdfast_delivery_delay_seconds_${suffix}`))
        ?.split(' ')
        .at(-1);
    expect(own('bucket{stage="mailbox",le="0.0025"}')).toBe('0');
    expect(own('bucket{stage="mailbox",le="0.005"}')).toBe('2');
    expect(own('bucket{stage="mailbox",le="10"}')).toBe('2');
    expect(own('bucket{stage="mailbox",le="+Inf"}')).toBe('3');
    expect(own('sum{stage="mailbox"}')).toBe('60.008');
    expect(own('count{stage="mailbox"}')).toBe('3');
    expect(own('count{stage="log"}')).toBe('0');
  });

  it('see an event loop that stands still, and only grow', async () => {
    const { metrics, scrape } = expose();
    await new Promise((resolve) => setTimeout(resolve, 50));
    const until = performance.now() + 120;
    while (performance.now() < until);
    await new Promise((resolve) => setTimeout(resolve, 50));
    await scrape();
    const { bounds, counts } = metrics.eventLoopDelay;
    const slow = [...counts].reduce(
      (sum, count, index) => sum + ((bounds[index] ?? Infinity) > 50 ? count : 0),
      0,
    );
    expect(slow).toBeGreaterThanOrEqual(1);
    const before = [...counts];
    await scrape();
    expect([...counts].every((count, index) => count >= before[index]!)).toBe(true);
  });

  it('of two nodes in one process do not mix', async () => {
    const one = expose();
    const other = createExposition({ metrics: new Metrics(), gauges: GAUGES, version: '1' });
    one.metrics.counters.connects++;
    expect((await other.scrape()).split('\n')).toContain('holdfast_connects_total 0');
    other.close();
  });
});

describe('the counters', () => {
  it('have a slot of their own for every combination of labels', () => {
    const slots = COUNTER_FAMILIES.flatMap((family) => family.slots.map(({ slot }) => slot));
    expect(new Set(slots).size).toBe(slots.length);
    expect(slots.length).toBe(COUNTER_SLOTS);
    expect(new Set(COUNTER_FAMILIES.map(({ name }) => name)).size).toBe(COUNTER_FAMILIES.length);
  });

  it('bear names that say their unit and end in _total', () => {
    for (const { name } of COUNTER_FAMILIES) expect(name).toMatch(/^holdfast_[a-z_]+_total$/);
  });
});

describe('a histogram', () => {
  it('puts a value on a bound into the bucket below it', () => {
    const histogram = new Histogram([1, 2]);
    for (const value of [0, 1, 1.5, 2, 2.1]) histogram.observe(value);
    expect([...histogram.counts]).toEqual([2, 2, 1]);
    expect(histogram.sum).toBeCloseTo(6.6);
  });
});
