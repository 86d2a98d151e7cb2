import { describe, expect, it } from 'vitest';
import { HoldfastError } from '../../src/runtime/errors/holdfast-error.ts';
import { NodeRoll } from '../../src/runtime/inspect/node-roll.ts';
import { quantile } from '../../src/runtime/metrics/quantile.ts';
import type { NodeRecord } from '../../src/runtime/ports/lease-store.ts';
import type { Neighbour, NodeCourier, NodeReport, NodeVitals } from '../../src/runtime/ports/neighbours.ts';
import { SimulatedClock } from '../../src/runtime/time/simulated-clock.ts';
import { nodeRecord, settle } from '../nodes/scripted-lease-store.ts';

const DEADLINE = 1000;

function vitalsOf(number: number | null, connections = 10): NodeVitals {
  const load = { cpu: 0.5, memory: 1, received: 2, sent: 3 };
  return {
    number,
    version: '2',
    state: 'ready',
    connections,
    load,
    eventLoopDelay: { p50: 1, p99: 2 },
    kafkaLag: null,
  };
}

/** Nodes that answer at once, but for those that stand still: these have until the deadline. */
class Courier implements NodeCourier {
  readonly frozen = new Set<number>();
  asked = 0;
  answerOf = (number: number) => vitalsOf(number);
  private readonly clock: SimulatedClock;

  constructor(clock: SimulatedClock) {
    this.clock = clock;
  }

  vitals({ number }: Neighbour): Promise<NodeVitals> {
    this.asked++;
    if (!this.frozen.has(number)) return Promise.resolve(this.answerOf(number));
    return new Promise((_, reject) =>
      this.clock.after(DEADLINE, () => reject(new HoldfastError('unavailable', 'silent'))),
    );
  }

  pass(): never {
    throw new Error('nothing is passed on here');
  }
}

function cluster(records: NodeRecord[], own: number | null = 1) {
  const clock = new SimulatedClock();
  const courier = new Courier(clock);
  const roll = new NodeRoll({
    records: () => records,
    role: 'gateway',
    vitals: () => vitalsOf(own, 7),
    courier: () => courier,
    clock,
  });
  /** What was answered, and after how many ms. */
  const all = async () => {
    const began = clock.now();
    let nodes: readonly NodeReport[] | null = null;
    void roll.all().then((answer) => {
      nodes = answer;
    });
    await settle();
    while (nodes === null) {
      clock.advance(10);
      await settle();
    }
    return { nodes: nodes as readonly NodeReport[], took: clock.now() - began };
  };
  return { clock, courier, roll, all, records };
}

const reachable = (nodes: readonly NodeReport[]) => nodes.map(({ reachable }) => reachable);

describe('the nodes of a cluster, asked from one of them', () => {
  it('are all there by number, this one among them, with what their leases and they themselves say', async () => {
    const { all } = cluster([
      nodeRecord(3, { role: 'api', leaseUntil: 99 }),
      nodeRecord(1),
      nodeRecord(2, { load: { connections: 4 } }),
    ]);
    const { nodes, took } = await all();
    expect(took).toBe(0);
    expect(nodes.map(({ number, self, connections, role }) => [number, self, connections, role])).toEqual([
      [1, true, 7, 'gateway'],
      [2, false, 10, 'gateway'],
      [3, false, 10, 'api'],
    ]);
    expect(nodes[2]).toMatchObject({
      name: 'node 3',
      incarnation: 30,
      leaseUntil: 99,
      reachable: true,
      state: 'ready',
      load: { cpu: 0.5 },
      eventLoopDelay: { p50: 1, p99: 2 },
    });
  });

  it('that stand still are said to after a second, and nobody waits that long for them again', async () => {
    const { all, courier } = cluster([
      nodeRecord(1),
      nodeRecord(2, { load: { connections: 4 } }),
      nodeRecord(3),
    ]);
    courier.frozen.add(2);
    const first = await all();
    expect(first.took).toBe(DEADLINE);
    expect(reachable(first.nodes)).toEqual([true, false, true]);
    expect(first.nodes[1]).toMatchObject({ connections: 4, state: null, load: null, answeredAt: null });
    const second = await all();
    expect(second.took).toBe(250);
    expect(reachable(second.nodes)).toEqual([true, false, true]);
    const asked = courier.asked;
    await all();
    // The question to the second one is still open.
    expect(courier.asked).toBe(asked + 1);
  });

  it('are shown as not answering within a second of when they stop, and again when they come back', async () => {
    const { all, courier, clock } = cluster([nodeRecord(1), nodeRecord(2)]);
    await all();
    courier.frozen.add(2);
    const unsure = await all();
    expect(unsure.took).toBe(250);
    expect(reachable(unsure.nodes)).toEqual([true, true]);
    clock.advance(DEADLINE - 250);
    await settle();
    expect(reachable((await all()).nodes)).toEqual([true, false]);
    courier.frozen.clear();
    clock.advance(DEADLINE);
    await settle();
    expect(reachable((await all()).nodes)).toEqual([true, true]);
  });

  it('do not answer for one another: an address may be somebody else’s by now', async () => {
    const { all, courier } = cluster([nodeRecord(1), nodeRecord(2)]);
    courier.answerOf = () => vitalsOf(5);
    expect(reachable((await all()).nodes)).toEqual([true, false]);
  });

  it('begin anew with each incarnation, and are forgotten when they are gone', async () => {
    const { all, courier, records } = cluster([nodeRecord(1), nodeRecord(2)]);
    await all();
    records[1] = nodeRecord(2, { epoch: 77 });
    courier.frozen.add(2);
    const { nodes, took } = await all();
    expect(took).toBe(DEADLINE);
    expect(nodes[1]).toMatchObject({ incarnation: 77, reachable: false, answeredAt: null });
    records.pop();
    expect((await all()).nodes.map(({ number }) => number)).toEqual([1]);
  });

  it('that run an older version are shown by their leases', async () => {
    const { all, roll } = cluster([nodeRecord(1), nodeRecord(2, { inspectAddress: '' })]);
    const { nodes, took } = await all();
    expect(took).toBe(0);
    expect(nodes[1]).toMatchObject({ reachable: false, version: '1' });
    expect(() => roll.find('2')).toThrow('node 2 cannot be asked: its version is older');
  });

  it('has a node without a number see itself and the others', async () => {
    const { all } = cluster([nodeRecord(2)], null);
    expect((await all()).nodes.map(({ number, self }) => [number, self])).toEqual([
      [null, true],
      [2, false],
    ]);
  });

  it('are found by number and by name', () => {
    const { roll } = cluster([nodeRecord(1), nodeRecord(2, { name: 'harbour gateway 8080 0' })]);
    expect(roll.find('1')).toBeNull();
    expect(roll.find('node 1')).toBeNull();
    expect(roll.find('2')?.number).toBe(2);
    expect(roll.find('harbour gateway 8080 0')?.number).toBe(2);
    expect(() => roll.find('9')).toThrow('node: "9" is not among 1, 2');
    expect(roll.gateways().map(({ number }) => number)).toEqual([2]);
  });
});

describe('a quantile of what a histogram counted', () => {
  const bounds = [1, 10, 100];

  it.each([
    [0.5, [0, 10, 0, 0], 5.5],
    [0.99, [100, 0, 0, 0], 0.99],
    [0.99, [98, 0, 2, 0], 55],
    [0.5, [0, 0, 0, 4], 100],
  ])('%d of %j is %d', (share, counts, expected) => {
    expect(quantile(bounds, counts, share)).toBeCloseTo(expected, 6);
  });

  it('is nothing when nothing was counted', () => {
    expect(quantile(bounds, [0, 0, 0, 0], 0.5)).toBeNull();
  });
});
