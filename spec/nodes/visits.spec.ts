import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { PeerClient } from '../../src/adapters/peer/peer-client.ts';
import { PeerListener } from '../../src/adapters/uws/peer-listener.ts';
import { COUNTER } from '../../src/runtime/metrics/counter-slots.ts';
import type { Visit } from '../../src/runtime/ports/peers.ts';
import { Client } from '../gateway/client.ts';
import { World } from '../gateway/world.ts';

const KEY = 'k'.repeat(43);
const HOME = 7;

let world: World;
let client: Client;
let listener: PeerListener;
/** Nodes on which WebSockets with the session's sid are opened. */
let second: PeerClient;
let third: PeerClient;
let visit: Visit;
/** Whether the nodes are still those that the session left for. */
let isGone: boolean;

beforeAll(async () => {
  listener = new PeerListener({
    engine: () => world.gateway.engine,
    departures: () => world.gateway.departures,
    expects: () => false,
    key: KEY,
    maxPayload: 1_000,
  });
  const port = await listener.listen('127.0.0.1', 0);
  const peer = (self: number) =>
    new PeerClient({
      addressOf: () => `127.0.0.1:${port}`,
      key: KEY,
      self,
      moveTimeout: 0,
      lines: { warn: () => {} },
    });
  [second, third] = [peer(2), peer(3)];
});
afterAll(async () => {
  await Promise.all([second.close(), third.close()]);
  listener.close();
});

beforeEach(() => {
  isGone = false;
  const incarnation = (number: number) => (isGone ? null : { number, epoch: 1 });
  const peers = { holds: async () => (isGone ? 'unknown' : 'no') as 'unknown' | 'no' };
  world = new World({ parts: (parts) => ({ ...parts, peers, others: { incarnation, writers: () => [] } }) });
  client = new Client(world, { transport: 'polling' }).join();
  visit = { sid: client.sid, speaks: 'socket.io', revision: 4, visit: 1 };
});

/** Lets the home's time go on while it is asked over a real link. */
async function meanwhile<T>(answer: Promise<T>): Promise<T> {
  let isOver = false;
  const over = answer.finally(() => {
    isOver = true;
  });
  while (!isOver) {
    await new Promise((resolve) => setTimeout(resolve, 1));
    world.tick();
  }
  return over;
}

describe('a session whose client opens WebSockets on several other nodes at once', () => {
  it('takes the first, and refuses the others', async () => {
    expect(await second.openCandidate(HOME, visit)).toBeNull();
    expect(await third.openCandidate(HOME, visit)).toBe('badRequest');
    expect(await second.openCandidate(HOME, { ...visit, visit: 2 })).toBe('badRequest');
    expect(await second.probeCandidate(HOME, visit)).toBe('3probe');
  });

  it.each([
    ['on another node', () => third, 1],
    ['on the same node', () => second, 2],
  ])('does not give the taken one up for the end of one %s', async (_where, node, number) => {
    await second.openCandidate(HOME, visit);
    await node().candidateLost(HOME, { ...visit, visit: number });
    expect(client.state).toContain('probing');
    expect(await second.probeCandidate(HOME, visit)).toBe('3probe');
    await second.candidateLost(HOME, visit);
    expect(client.state).toContain('open.polling');
  });

  it('lets only the taken one probe', async () => {
    await second.openCandidate(HOME, visit);
    expect(await third.probeCandidate(HOME, visit)).toBeNull();
    expect(client.state).toContain('probing.silent');
    expect(await second.probeCandidate(HOME, visit)).toBe('3probe');
  });

  it('leaves by the taken one only, and hears of its arrival from nobody else', async () => {
    await second.openCandidate(HOME, visit);
    await second.probeCandidate(HOME, visit);
    expect(await meanwhile(third.upgradeCandidate(HOME, visit))).toBeNull();
    expect(client.state).toContain('probing.answered');
    const passport = await meanwhile(second.upgradeCandidate(HOME, visit));
    expect(passport?.sockets.map(({ id }) => id)).toEqual([client.id]);
    expect(await third.arrived(HOME, visit)).toBe(false);
    await third.candidateLost(HOME, visit);
    expect(client.state).toContain('open.moving');
    expect(await second.arrived(HOME, visit)).toBe(true);
    await third.settled(HOME, visit);
    expect(client.state).toBe('moved.unconfirmed');
    await second.settled(HOME, visit);
    expect(client.state).toBe('moved.settled');
  });

  it.each([
    ['by the node it was lost on, which lives', false, 0],
    ['by its home when that node is gone, and what it counted with it', true, 1],
  ])('is counted once when it is lost on its way: %s', async (_who, gone, failed) => {
    await second.openCandidate(HOME, visit);
    await second.probeCandidate(HOME, visit);
    await meanwhile(second.upgradeCandidate(HOME, visit));
    expect(await second.arrived(HOME, visit)).toBe(true);
    isGone = gone;
    expect(client.state).toBe('moved.unconfirmed');
    world.advance(2_000);
    await world.settle();
    expect(world.disconnects('transport error')).toBe(1);
    expect(world.metrics.counters.values[COUNTER.handovers.failed]).toBe(failed);
  });
});
