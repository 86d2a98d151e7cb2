import { describe, expect, it } from 'vitest';
import { LiveInspector } from '../../src/runtime/inspect/live-inspector.ts';
import type { ConnectionSearch, FoundConnection } from '../../src/runtime/ports/inspector.ts';
import { Client, type ClientOptions } from '../gateway/client.ts';
import { NAME_IS_TOKEN } from '../gateway/scripted-authenticator.ts';
import { World } from '../gateway/world.ts';

/** Ada in two rooms, Bob on polling in /chat, Eve in both namespaces; each from an address of its own. */
async function people() {
  const world = new World({
    authenticator: NAME_IS_TOKEN,
    settings: { 'socketio.namespaces': '/,/chat' },
  });
  const inspector = new LiveInspector({
    gateway: world.gateway,
    clock: world.clock,
    node: '7',
    version: '0',
    history: 4,
    maxWatched: 2,
    bodies: false,
    nodeState: () => 'ready',
  });
  const person = async (token: string, namespace: string, options: ClientOptions) => {
    const client = new Client(world, options).join(namespace, { token });
    await world.settle();
    world.advance(1_000);
    return client;
  };
  const ada = await person('ada', '/', { address: '203.0.113.7' });
  const bob = await person('bob', '/chat', { address: '203.0.113.99', transport: 'polling' });
  const eve = await person('eve', '/', { address: '2001:db8::5' });
  eve.enter('/chat', { token: 'eve' });
  await world.settle();
  for (const room of ['tides', 'moons']) {
    await world.perform({ kind: 'join', namespace: '/', to: { sockets: [ada.id] }, rooms: [room] });
  }
  const find = async (search: Partial<ConnectionSearch> = {}): Promise<readonly FoundConnection[]> => {
    let found: readonly FoundConnection[] | null = null;
    void inspector.connections({ limit: 100, ...search }).then((connections) => {
      found = connections;
    });
    for (let waited = 0; found === null && waited < 100; waited++) {
      await world.settle();
      if (found === null) world.advance(2);
    }
    return found!;
  };
  const users = async (search: Partial<ConnectionSearch>) =>
    (await find(search)).map(({ user }) => user).sort();
  return { world, inspector, find, users, ada, bob, eve };
}

describe('the search for connections', () => {
  it('finds all, with their users and sockets', async () => {
    const { find, users, eve } = await people();
    expect(await users({})).toEqual(['ada', 'bob', 'eve']);
    const [found] = await find({ user: 'eve' });
    expect(found).toMatchObject({
      state: 'open.websocket.calm.joined',
      address: '2001:db8::5',
      sockets: [
        { id: eve.id, namespace: '/', user: 'eve', state: 'connected.unlimited' },
        { namespace: '/chat', user: 'eve', state: 'connected.unlimited' },
      ],
    });
    expect(found!.since).toBe(found!.openedAt);
  });

  it.each<[Partial<ConnectionSearch>, string[]]>([
    [{ state: 'open.transport.polling' }, ['bob']],
    [{ state: 'open' }, ['ada', 'bob', 'eve']],
    [{ state: 'open.websocket.calm.joined' }, ['ada', 'eve']],
    [{ state: 'closing' }, []],
    [{ machine: 'socket', state: 'connected' }, ['ada', 'bob', 'eve']],
    [{ machine: 'socket', state: 'connected', namespace: '/chat' }, ['bob', 'eve']],
    [{ machine: 'socket', state: 'authenticating' }, []],
    [{ transport: 'websocket' }, ['ada', 'eve']],
    [{ protocol: 'socket.io/5', namespace: '/' }, ['ada', 'eve']],
    [{ room: 'tides' }, ['ada']],
    [{ room: 'tides', user: 'bob' }, []],
    [{ address: '203.0.113.7' }, ['ada']],
    [{ address: '203.0.113.0/24' }, ['ada', 'bob']],
    [{ address: '2001:db8::/32' }, ['eve']],
    [{ q: 'ad' }, ['ada']],
    [{ q: 'moon' }, ['ada']],
    [{ q: '203.0.113.9' }, ['bob']],
    [{ q: '2001' }, ['eve']],
    [{ q: 'nobody' }, []],
    [{ q: 'a', transport: 'polling' }, []],
  ])('%j finds %j', async (search, expected) => {
    expect(await (await people()).users(search)).toEqual(expected);
  });

  it('finds by the id of a connection or a socket, whole or as it begins', async () => {
    const { users, eve } = await people();
    const second = eve.sockets.get('/chat')!;
    expect(await users({ q: eve.id })).toEqual(['eve']);
    expect(await users({ q: second })).toEqual(['eve']);
    expect(await users({ q: second.slice(0, -1) })).toEqual(['eve']);
  });

  it('says since when each has been in the state asked for, the oldest first', async () => {
    const { world, find, users, bob } = await people();
    const ages = (await find({ state: 'open.heartbeat.calm', sort: 'oldest' })).map(({ user, since }) => [
      user,
      Math.round((world.clock.wallNow() - since) / 1000),
    ]);
    expect(ages).toEqual([
      ['ada', 3],
      ['bob', 2],
      ['eve', 1],
    ]);
    bob.upgrade();
    world.advance(1_000);
    const [newest] = await find({ state: 'open.websocket.calm.joined', user: 'bob' });
    expect(world.clock.wallNow() - newest!.since).toBeLessThan(1_500);
    expect(await users({ sort: 'oldest', limit: 1 })).toEqual(['ada']);
    expect(await find({ limit: 2 })).toHaveLength(2);
  });

  it('leaves out who has gone while it looked', async () => {
    const { world, inspector } = await people();
    const crowd = Array.from({ length: 1_500 }, () => new Client(world).join('/', { token: 'crowd' }));
    await world.settle();
    const search = inspector.connections({ limit: 10_000, user: 'crowd' });
    crowd[0]!.hangUp();
    for (let i = 0; i < 5; i++) {
      await world.settle();
      world.advance(5);
    }
    expect(await search).toHaveLength(1_499);
  });

  it.each([
    [{ state: 'opened' }, 'state: "opened" is no state of the connection machine'],
    [{ state: 'absent' }, 'state: "absent" is no state of the connection machine'],
    [{ machine: 'socket', state: 'open' }, 'state: "open" is no state of the socket machine'],
    [{ sort: 'newest' }, 'sort: "newest" must be one of oldest'],
    [{ transport: 'udp' }, 'transport: "udp" must be one of polling, websocket'],
    [{ address: '203.0.113' }, '"203.0.113" is no IP address and no CIDR block'],
    [{ q: '' }, 'q: must not be empty'],
  ] as const)('refuses %j', async (search, message) => {
    const { inspector } = await people();
    await expect(inspector.connections({ limit: 1, ...search })).rejects.toThrow(message);
  });
});
