import { describe, expect, it } from 'vitest';
import type { Gateway } from '../../src/runtime/gateway.ts';
import { LiveCensusOffice } from '../../src/runtime/inspect/census-office.ts';
import type { Census, CensusFilter, StateCensus } from '../../src/runtime/ports/census.ts';
import { Client, type ClientOptions } from '../gateway/client.ts';
import { World, type WorldOptions } from '../gateway/world.ts';

const NODE = { states: { ready: { count: 1, p50: 5, p99: 5 } }, arrows: {} };

function counted(options: WorldOptions = {}) {
  const world = new World(options);
  let gateway: Gateway | null = world.gateway;
  const office = new LiveCensusOffice({
    gateway: () => gateway,
    holdsConnections: true,
    node: () => '7',
    life: { census: () => NODE, delays: {} },
    clock: world.clock,
    patience: world.wheel,
  });
  /** Counts once, however long it takes. */
  const take = async (filter: CensusFilter = {}): Promise<Census> => {
    let census: Census | null = null;
    void office.take(filter).then((taken) => {
      census = taken;
    });
    for (let waited = 0; census === null && waited < 100; waited++) {
      await world.settle();
      if (census === null) world.advance(10);
    }
    return census!;
  };
  const joined = (many: number, client: ClientOptions = {}, namespace = '/') =>
    Array.from({ length: many }, () => new Client(world, client).join(namespace));
  return { world, office, take, joined, lose: () => (gateway = null) };
}

const counts = (states: Readonly<Record<string, StateCensus>>) =>
  Object.fromEntries(Object.entries(states).map(([path, { count }]) => [path, count]));

describe('the census', () => {
  it('counts everything in every active state, and the states around it', async () => {
    const { take, joined, world } = counted();
    joined(2);
    joined(1, { transport: 'polling' });
    new Client(world).begin();
    world.advance(100);
    const { total, machines, node } = await take();
    expect([node, total]).toEqual(['7', 4]);
    expect(counts(machines.connection.states)).toEqual({
      open: 4,
      'open.transport': 4,
      'open.transport.websocket': 3,
      'open.transport.polling': 1,
      'open.heartbeat': 4,
      'open.heartbeat.calm': 4,
      'open.membership': 4,
      'open.membership.joined': 3,
      'open.membership.alone': 1,
    });
    expect(counts(machines.socket.states)).toEqual({ connected: 3, 'connected.unlimited': 3 });
    expect(machines.node).toEqual(NODE);
  });

  it('tells how long they have been in it, each state by itself', async () => {
    const { take, joined, world } = counted();
    joined(1);
    // A ping at 25 s is answered a moment later: calm begins anew, the rest goes on.
    world.advance(30_000);
    const { states } = (await take()).machines.connection;
    expect(states.open!.p50).toBeGreaterThanOrEqual(30_000);
    expect(states.open!.p50).toBeLessThan(32_000);
    expect(states['open.transport.websocket']!.p99).toBe(states.open!.p99);
    expect(states['open.heartbeat.calm']!.p50).toBeGreaterThanOrEqual(5_000);
    expect(states['open.heartbeat.calm']!.p50).toBeLessThan(6_000);
  });

  it('begins anew where a state is entered again from itself', async () => {
    const { take, world } = counted({ settings: { 'heartbeat.adaptive': 'true' } });
    const client = new Client(world).join();
    client.die();
    const ping = world.clock.now();
    while (
      world.gateway.runner.population[
        world.gateway.runner.machine.states.indexOf('open.websocket.unanswered.backingOff.joined')
      ] !== 1
    ) {
      world.advance(100);
      expect(world.clock.now() - ping).toBeLessThan(60_000);
    }
    world.advance(12_000);
    const { states } = (await take()).machines.connection;
    // It pings every `retry` (5 s), and has been unanswered all the while.
    expect(states['open.heartbeat.unanswered.backingOff']!.p50).toBeLessThanOrEqual(5_000);
    expect(states['open.heartbeat.unanswered']!.p50).toBeGreaterThan(12_000);
  });

  it('has all of a rare state in its sample, however many are in others', async () => {
    const { take, joined, world } = counted();
    const [early] = joined(1, { transport: 'polling' });
    expect(early!.state).toBe('open.polling.calm.joined');
    world.advance(10_000);
    joined(600);
    world.advance(1_000);
    const { states } = (await take()).machines.connection;
    expect(states['open.transport.polling']).toMatchObject({ count: 1 });
    expect(states['open.transport.polling']!.p50).toBeGreaterThanOrEqual(11_000);
    expect(states['open.transport.websocket']).toMatchObject({ count: 600 });
    expect(states['open.transport.websocket']!.p99).toBeLessThan(3_000);
    expect(states.open!.p50).toBeLessThan(3_000);
  });

  it('tells how often each arrow is taken, in the first answer too', async () => {
    const { take, world, joined } = counted();
    joined(3);
    const arriving = setInterval(() => {}, 1e6);
    const first = take();
    joined(2);
    const { arrows } = (await first).machines.connection;
    clearInterval(arriving);
    // Two came within half a second.
    expect(arrows!['open.membership.alone|NAMESPACE_JOINED|0']).toBeCloseTo(4, 0);
    expect(arrows!['open.transport.starting||0']).toBeCloseTo(4, 0);
    expect(arrows!['open.transport.starting||1']).toBeUndefined();
    world.advance(2_000);
    expect((await take()).machines.connection.arrows).toEqual({});
  });

  it('does not count arrows any more some time after the last question', async () => {
    const { take, world } = counted();
    await take();
    expect(world.gateway.runner.taken).not.toBeNull();
    world.advance(11_000);
    expect(world.gateway.runner.taken).toBeNull();
  });

  it('counts those of a transport, protocol, namespace, user or room', async () => {
    const { take, joined, world } = counted({ settings: { 'socketio.namespaces': '/,/chat' } });
    const [one, two] = joined(3);
    joined(2, { transport: 'polling' });
    joined(1, { revision: 3 });
    const [chatting] = joined(1, {}, '/chat');
    one!.enter('/chat');
    world.tick();
    await world.perform({
      kind: 'join',
      namespace: '/',
      to: { sockets: [one!.id, two!.id] },
      rooms: ['tides'],
    });
    const total = async (filter: CensusFilter) => {
      const census = await take(filter);
      expect(census.machines.connection.arrows).toBeNull();
      expect(census.machines.socket.arrows).toBeNull();
      expect(census.machines.connection.states.open?.count ?? 0).toBe(census.total);
      return [census.total, census.machines.socket.states.connected?.count ?? 0];
    };
    expect(chatting!.sockets.has('/chat')).toBe(true);
    expect(await total({ transport: 'polling' })).toEqual([2, 2]);
    // One connection has sockets in both namespaces.
    expect(await total({ transport: 'websocket' })).toEqual([5, 6]);
    expect(await total({ protocol: 'socket.io/4' })).toEqual([1, 1]);
    expect(await total({ namespace: '/chat' })).toEqual([2, 2]);
    expect(await total({ room: 'tides' })).toEqual([2, 2]);
    expect(await total({ room: 'tides', namespace: '/chat' })).toEqual([0, 0]);
    expect(await total({ room: 'nowhere' })).toEqual([0, 0]);
    expect(await total({ user: 'ada' })).toEqual([0, 0]);
    expect((await take({ node: '7' })).machines.connection.arrows).not.toBeNull();
  });

  it('walks over many more than it looks at in one go', async () => {
    const { take, joined } = counted();
    joined(2_500);
    const census = await take({ transport: 'websocket' });
    expect(census.total).toBe(2_500);
    expect(census.machines.socket.states['connected.unlimited']!.count).toBe(2_500);
  });

  it.each([
    [{ transport: 'carrier pigeon' }, 'transport: "carrier pigeon" must be one of polling, websocket'],
    [{ protocol: 'mqtt' }, 'protocol: "mqtt" must be one of socket.io/5, socket.io/4'],
    [{ namespace: 'chat' }, 'namespace: "chat" must begin with /'],
    [{ user: '' }, 'user: must not be empty'],
    [{ room: '' }, 'room: must not be empty'],
    [{ node: '8' }, 'node: "8" is not this one'],
  ])('refuses the filter %j', async (filter, message) => {
    const { office } = counted();
    await expect(office.take(filter)).rejects.toThrow(message);
    expect(() => office.follow(filter, () => {})).toThrow(message);
  });

  it('goes on at least twice a second for those who follow, once for all who ask the same', async () => {
    const { office, world, joined } = counted();
    joined(1);
    const seen: Census[][] = [[], [], []];
    const stops = [{}, {}, { transport: 'polling' }].map(
      (filter, i) => office.follow(filter, (census) => seen[i]!.push(census))!,
    );
    for (let at = 0; at < 100; at++) {
      world.advance(100);
      await world.settle();
    }
    for (const [i, censuses] of seen.entries())
      expect(censuses.length, `follower ${i}`).toBeGreaterThanOrEqual(20);
    expect(seen[0]!.at(-1)).toBe(seen[1]!.at(-1));
    expect(seen[2]!.at(-1)!.total).toBe(0);
    for (const stop of stops) stop();
    const before = seen.map((censuses) => censuses.length);
    world.advance(5_000);
    await world.settle();
    expect(seen.map((censuses) => censuses.length)).toEqual(before);
    expect(world.gateway.runner.taken).toBeNull();
  });

  it('lets no more follow than it has room for', () => {
    const { office } = counted();
    const stops = Array.from({ length: 32 }, () => office.follow({}, () => {}));
    expect(stops).not.toContain(null);
    expect(office.follow({}, () => {})).toBeNull();
    stops[0]!();
    stops[0]!();
    expect(office.follow({}, () => {})).not.toBeNull();
    expect(office.follow({}, () => {})).toBeNull();
  });

  it('has nobody to count while the node has no number, and counts again when it has one', async () => {
    const { office, world, joined, lose } = counted();
    joined(1);
    const seen: Census[] = [];
    office.follow({}, (census) => seen.push(census));
    await world.settle();
    expect(seen.at(-1)!.total).toBe(1);
    lose();
    world.advance(500);
    await world.settle();
    expect(seen.at(-1)).toMatchObject({ total: 0, machines: { connection: { states: {}, arrows: {} } } });
    expect(world.gateway.runner.taken).toBeNull();
  });
});
