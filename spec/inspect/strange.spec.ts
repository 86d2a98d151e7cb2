import { describe, expect, it } from 'vitest';
import { FrequentNames } from '../../src/runtime/inspect/comings.ts';
import { networkOf } from '../../src/runtime/inspect/heartbeat-backoff.ts';
import { findStrange } from '../../src/runtime/inspect/strange-finder.ts';
import type { Strange } from '../../src/runtime/ports/strange.ts';
import { Client, type ClientOptions } from '../gateway/client.ts';
import { NAME_IS_TOKEN, ScriptedAuthenticator } from '../gateway/scripted-authenticator.ts';
import { World, type WorldOptions } from '../gateway/world.ts';

function watched(options: WorldOptions = {}) {
  const world = new World(options);
  const look = async (): Promise<Omit<Strange, 'node'>> => {
    let found: Omit<Strange, 'node'> | null = null;
    void findStrange(world.gateway, world.clock, world.wheel).then((strange) => {
      found = strange;
    });
    for (let waited = 0; found === null && waited < 100; waited++) {
      await world.settle();
      if (found === null) world.advance(10);
    }
    return found!;
  };
  const joined = (many: number, client: ClientOptions = {}) =>
    Array.from({ length: many }, () => new Client(world, client).join());
  return { world, look, joined };
}

describe('what is strange', () => {
  it('is nothing about clients that do as they should', async () => {
    const { world, look, joined } = watched();
    joined(20);
    joined(5, { transport: 'polling' });
    joined(5, { revision: 3, answersPings: false });
    new Client(world).begin();
    for (let at = 0; at < 100; at++) {
      world.advance(700);
      const { overdue, loops, backoff, slow } = await look();
      expect({ overdue, loops, backoff, slow }).toEqual({ overdue: [], loops: [], backoff: [], slow: [] });
    }
  });

  it('is nothing about a node that stood still for longer than any rule allows', async () => {
    const { world, look, joined } = watched();
    joined(3);
    world.advance(25_000);
    world.stall(120_000);
    expect((await look()).overdue).toEqual([]);
  });

  it('is a connection without the timer that its state should end by', async () => {
    const { world, look, joined } = watched();
    const [client] = joined(2);
    const { runner } = world.gateway;
    const { row } = client!.connection!;
    runner.stop(row);
    runner.restore(row, 'open.websocket.unanswered.waiting.joined', []);
    world.advance(3_000);
    const { overdue } = await look();
    expect(overdue).toEqual([
      {
        machine: 'connection',
        connection: client!.id,
        user: '',
        address: '203.0.113.7',
        state: 'open.heartbeat.unanswered',
        since: expect.any(Number),
        delay: 'pingTimeout',
        limit: 20_000,
        armed: false,
      },
    ]);
    expect(world.clock.wallNow() - overdue[0]!.since).toBeGreaterThanOrEqual(3_000);
  });

  it('is a connection whose timer is late, the longest over its time first', async () => {
    const { world, look, joined } = watched();
    const clients = joined(2, { transport: 'polling' });
    const { runner } = world.gateway;
    for (const client of clients) {
      const { row } = client.connection!;
      runner.stop(row);
      runner.restore(row, 'closing', [{ name: 'closeTimeout@closing', remaining: 60_000 }]);
      world.advance(6_100);
    }
    const { overdue } = await look();
    expect(overdue.map(({ connection, state, limit, armed }) => [connection, state, limit, armed])).toEqual([
      [clients[0]!.id, 'closing', 5_000, true],
      [clients[1]!.id, 'closing', 5_000, true],
    ]);
  });

  it('is a socket without its timer', async () => {
    const authenticator = new ScriptedAuthenticator();
    const { world, look } = watched({ authenticator });
    const client = new Client(world).join();
    await world.settle();
    const socket = client.connection!.socket!;
    const { machine } = world.gateway.sockets;
    machine.stop(socket.row);
    machine.restore(socket.row, 'authenticating', []);
    world.advance(100);
    expect((await look()).overdue).toMatchObject([
      { machine: 'socket', socket: socket.id, state: 'authenticating', delay: 'authTimeout', armed: false },
    ]);
  });

  it('is an address that comes again and again and does not stay', async () => {
    const { world, look, joined } = watched();
    joined(8, { address: '198.51.100.1' });
    for (let i = 0; i < 8; i++) {
      new Client(world, { address: '198.51.100.2' }).join().hangUp();
      world.advance(1_000);
    }
    const { loops } = await look();
    expect(loops).toEqual([
      { by: 'address', key: '198.51.100.2', connects: 8, within: expect.any(Number), connections: 0 },
    ]);
    expect(loops[0]!.within).toBeGreaterThanOrEqual(30_000);
    world.advance(61_000);
    expect((await look()).loops).toEqual([]);
  });

  it('is a user that comes again and again, from whatever address', async () => {
    const { world, look } = watched({ authenticator: NAME_IS_TOKEN });
    for (let i = 0; i < 7; i++) {
      const client = new Client(world, { address: `198.51.100.${i}` }).join('/', { token: 'ada' });
      await world.settle();
      world.advance(500);
      expect(client.connection?.socket?.user).toBe('ada');
      client.hangUp();
    }
    expect((await look()).loops).toEqual([
      { by: 'user', key: 'ada', connects: 7, within: expect.any(Number), connections: 0 },
    ]);
  });

  it('is a network whose clients do not answer their pings', async () => {
    const { world, look, joined } = watched({ settings: { 'heartbeat.adaptive': 'true' } });
    for (let host = 1; host <= 4; host++) {
      const [client] = joined(1, { address: `198.51.100.${host}` });
      if (host > 1) client!.die();
    }
    joined(1, { address: '192.0.2.1' })[0]!.die();
    world.advance(33_000);
    expect((await look()).backoff).toEqual([{ network: '198.51.100.0/24', silent: 3, connections: 4 }]);
  });

  it('is a room whose members do not read', async () => {
    const { world, look, joined } = watched();
    const [stuck, other, fast] = joined(3);
    await world.perform({
      kind: 'join',
      namespace: '/',
      to: { sockets: [stuck!.id, fast!.id] },
      rooms: ['tides'],
    });
    stuck!.webSocket!.stopReading();
    other!.webSocket!.stopReading();
    world.emit({ everyone: true }, 'news', ['x'.repeat(5_000)]);
    world.advance(8_000);
    const { slow } = await look();
    expect(slow).toEqual([
      {
        namespace: '/',
        room: 'tides',
        behind: 1,
        members: 2,
        bufferedBytes: expect.any(Number),
        longest: expect.any(Number),
      },
      {
        namespace: '/',
        room: null,
        behind: 1,
        members: 3,
        bufferedBytes: expect.any(Number),
        longest: expect.any(Number),
      },
    ]);
    for (const { bufferedBytes, longest } of slow) {
      expect(bufferedBytes).toBeGreaterThan(5_000);
      expect(longest).toBeGreaterThanOrEqual(500);
    }
  });
});

describe('a network', () => {
  it.each([
    ['203.0.113.7', '203.0.113.0/24'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1::/48'],
    ['::ffff:203.0.113.7', '203.0.113.0/24'],
    ['unknown', 'unknown'],
    ['not:an:address', 'not:an:address'],
  ])('of %s is %s', (address, network) => {
    expect(networkOf(address)).toBe(network);
  });
});

describe('frequent names', () => {
  it('are bounded, and those counted before go on being counted', () => {
    let now = 0;
    const names = new FrequentNames(() => now);
    names.note('ada');
    for (let i = 0; i < 20_000; i++) names.note(`name ${i}`);
    names.note('ada');
    names.note('bob');
    names.note('bob');
    expect(names.frequent(2)).toEqual([{ name: 'ada', times: 2, within: 30_000 }]);
    now = 30_000;
    names.note('ada');
    expect(names.frequent(3)).toEqual([{ name: 'ada', times: 3, within: 30_000 }]);
    now = 60_000;
    expect(names.frequent(1)).toEqual([{ name: 'ada', times: 1, within: 30_000 }]);
    now = 150_000;
    expect(names.frequent(1)).toEqual([]);
  });
});
