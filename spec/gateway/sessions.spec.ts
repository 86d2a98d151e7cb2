import { describe, expect, it } from 'vitest';
import { COUNTER } from '../../src/runtime/metrics/counter-slots.ts';
import { endLogins } from '../../src/runtime/socket/end-logins.ts';
import { Client } from './client.ts';
import { NAME_IS_TOKEN, ScriptedAuthenticator } from './scripted-authenticator.ts';
import { World } from './world.ts';

function user(world: World, name: string, options = {}): Client {
  return new Client(world, options).join('/', { token: name });
}

describe('session limit', () => {
  const settings = { 'sessions.maxPerUser': '2', 'socketio.namespaces': '/,/a,/b' };

  it('closes the oldest connection of a user', () => {
    const world = new World({ settings, authenticator: NAME_IS_TOKEN });
    const [first, second, other, third] = ['u', 'u', 'v', 'u'].map((name) => user(world, name));
    world.tick();
    expect([first, second, other, third].map((client) => client!.closed)).toEqual([
      true,
      false,
      false,
      false,
    ]);
    expect(first!.webSocket!.farewell).toEqual({ code: 4005, reason: 'session limit' });
    expect(Object.values(world.farewells())).toEqual(['session limit']);
  });

  it('counts connections, not namespaces', () => {
    const world = new World({ settings, authenticator: NAME_IS_TOKEN });
    const [first, second] = ['u', 'u'].map((name) => user(world, name));
    for (const client of [first, second]) {
      client!.enter('/a', { token: 'u' });
      client!.enter('/b', { token: 'u' });
    }
    world.tick();
    expect(world.gateway.sessions.of('u')!.sockets.size).toBe(6);
    const third = user(world, 'u');
    world.tick();
    expect([first, second, third].map((client) => client!.closed)).toEqual([true, false, false]);
    expect(world.gateway.sessions.of('u')!.sockets.size).toBe(4);
    expect(new Set(Object.values(world.farewells()))).toEqual(new Set(['session limit']));
  });

  it('counts a connection by the users of its sockets, each for himself', () => {
    const world = new World({ settings, authenticator: NAME_IS_TOKEN });
    const shared = user(world, 'u');
    shared.enter('/a', { token: 'v' });
    const u = [user(world, 'u')];
    const v = [user(world, 'v')];
    world.tick();
    expect([shared, ...u, ...v].map((client) => client.closed)).toEqual([false, false, false]);
    v.push(user(world, 'v'));
    world.tick();
    expect(shared.closed).toBe(true);
    expect(u[0]!.closed).toBe(false);
  });

  it('closes polling clients, too, and does not count them while they say goodbye', () => {
    const world = new World({ settings, authenticator: NAME_IS_TOKEN });
    const clients = Array.from({ length: 5 }, () => user(world, 'u', { transport: 'polling', polls: false }));
    expect(clients.map((client) => client.state.split('.')[0])).toEqual([
      'closing',
      'closing',
      'closing',
      'open',
      'open',
    ]);
    expect(world.gateway.sessions.of('u')!.sockets.size).toBe(2);
    clients[0]!.polls = true;
    clients[0]!.get();
    world.tick();
    expect(clients[0]!.closed).toBe(true);
    world.advance(6_000);
    expect(world.gateway.connections.size).toBe(2);
    expect(world.disconnects('session limit')).toBe(3);
  });
});

describe('login', () => {
  it('hands the first token found to whoever decides, and the user to the backend', async () => {
    const authenticator = new ScriptedAuthenticator();
    const world = new World({ authenticator });
    new Client(world, { headers: 'authorization: Bearer h', query: 'token=q' }).join('/', { token: 'p' });
    new Client(world, { headers: 'authorization: Bearer h', query: 'token=q' }).join();
    new Client(world, { query: 'token=q' }).join();
    expect(authenticator.pending.map(({ attempt }) => attempt.token)).toEqual(['p', 'h', 'q']);
    expect(world.records).toEqual([]);
    authenticator.accept('u1');
    await world.settle();
    expect(world.heard('connect').map(({ socket, auth }) => [socket.user, auth])).toEqual([
      ['u1', '{"token":"p"}'],
    ]);
  });

  it('refused by a decision sends its message and data, and keeps the connection', () => {
    const world = new World({ authenticator: NAME_IS_TOKEN });
    const client = user(world, 'no');
    expect(client.errors).toEqual([{ namespace: '/', data: { message: 'not you', data: { code: 17 } } }]);
    expect(client.closed).toBe(false);
    expect(world.records).toEqual([]);
    client.enter('/', { token: 'yes' });
    world.tick();
    expect(client.id).not.toBe('');
  });

  it('that cannot be decided is refused without telling why, and said in the log', async () => {
    const authenticator = new ScriptedAuthenticator();
    const world = new World({ authenticator });
    const client = new Client(world).join();
    authenticator.fail(new Error('secret of the database'));
    await world.settle();
    expect(client.errors).toEqual([{ namespace: '/', data: { message: 'authentication failed' } }]);
    expect(world.log.filter(({ level }) => level === 'error')).toHaveLength(1);
  });

  it('that takes too long is refused; a decision that comes later changes nothing', async () => {
    const authenticator = new ScriptedAuthenticator();
    const world = new World({ authenticator });
    const client = new Client(world).join();
    world.advance(11_100);
    expect(client.errors).toEqual([{ namespace: '/', data: { message: 'authentication timeout' } }]);
    authenticator.accept('late');
    await world.settle();
    expect(world.records).toEqual([]);
    expect(world.gateway.socketTable.size).toBe(0);
  });

  it('of a plain WebSocket is awaited by its handshake', async () => {
    const authenticator = new ScriptedAuthenticator();
    const world = new World({ authenticator });
    const client = new Client(world, { speaks: 'websocket', query: 'token=t' }).begin();
    const refused = new Client(world, { speaks: 'engine.io', transport: 'polling' }).begin();
    expect([client.connection, refused.connection]).toEqual([null, null]);
    authenticator.accept('u1');
    authenticator.refuse('no');
    await world.settle();
    expect(world.heard('connect').map(({ socket }) => [socket.user, socket.protocol])).toEqual([
      ['u1', 'websocket'],
    ]);
    expect(refused.refusal).toBe('unauthorized');
    expect(world.gateway.connections.size).toBe(1);
  });

  it('of a handshake that was given up is not taken over by the next connection of that row', async () => {
    const authenticator = new ScriptedAuthenticator();
    const world = new World({ authenticator });
    const abandoned = new Client(world, { speaks: 'websocket' }).begin();
    // The login's deadline, and the time to say goodbye.
    world.advance(11_000 + 5_100);
    expect(world.gateway.connections.size).toBe(0);
    const next = new Client(world, { speaks: 'websocket' }).begin();
    authenticator.accept('somebody else');
    await world.settle();
    expect(abandoned.refusal).toBe('unauthorized');
    authenticator.accept('me');
    await world.settle();
    expect(next.closed).toBe(false);
    expect(world.heard('connect').map(({ socket }) => socket.user)).toEqual(['me']);
  });
});

describe('a token that ends', () => {
  async function limited(seconds: number) {
    const authenticator = new ScriptedAuthenticator();
    const world = new World({ authenticator });
    const client = new Client(world).join('/', { token: 'x' });
    authenticator.accept('u1', world.clock.wallNow() + seconds * 1000);
    await world.settle();
    return { authenticator, world, client };
  }

  it('is announced ahead, then closes the connection as token expired', async () => {
    const { world, client } = await limited(300);
    world.advance(239_000);
    expect(client.events).toEqual([]);
    world.advance(2_000);
    expect(client.events.map(({ event }) => event)).toEqual(['token expiring']);
    world.advance(58_000);
    expect(client.closed).toBe(false);
    world.advance(2_000);
    expect(client.closed).toBe(true);
    expect(client.webSocket!.farewell).toEqual({ code: 4004, reason: 'token expired' });
    expect(world.farewells()).toEqual({ [client.id]: 'token expired' });
    expect(world.gateway.connections.size).toBe(0);
  });

  it('is replaced by one that the client sends, whose end counts from then on', async () => {
    const { world, client, authenticator } = await limited(300);
    world.advance(250_000);
    client.emitIn('/', 5, 'token', 'new one');
    const attempt = authenticator.accept('u1', world.clock.wallNow() + 600_000);
    expect(attempt.token).toBe('new one');
    await world.settle();
    expect(client.acks).toEqual([{ id: 5, args: [{ expiresAt: '2026-01-01T00:14:11.000Z' }] }]);
    expect(world.heard('message')).toEqual([]);
    world.advance(530_000);
    expect(client.events).toHaveLength(1);
    world.advance(20_000);
    expect(client.events).toHaveLength(2);
    world.advance(51_000);
    expect(client.closed).toBe(true);
  });

  it('is not replaced by one of another user or by a bad one', async () => {
    const { world, client, authenticator } = await limited(300);
    client.emitIn('/', 1, 'token', 'of another');
    authenticator.accept('u2', world.clock.wallNow() + 600_000);
    await world.settle();
    client.emitIn('/', 2, 'token', 'bad');
    authenticator.refuse('signature');
    await world.settle();
    expect(client.acks).toEqual([
      { id: 1, args: [{ error: 'the token belongs to another user' }] },
      { id: 2, args: [{ error: 'signature' }] },
    ]);
    world.advance(301_000);
    expect(client.closed).toBe(true);
  });

  it('is replaced by one token at a time: others are refused unread meanwhile', async () => {
    const { world, client, authenticator } = await limited(300);
    client.emitIn('/', 1, 'token', 'new one');
    for (let id = 2; id < 50; id++) client.emitIn('/', id, 'token', 'and another');
    expect(authenticator.pending).toHaveLength(1);
    await world.settle();
    expect(client.acks.slice(0, 1)).toEqual([
      { id: 2, args: [{ error: 'the token before is still being checked' }] },
    ]);
    authenticator.accept('u1', world.clock.wallNow() + 600_000);
    await world.settle();
    expect(client.acks.at(-1)).toMatchObject({ id: 1, args: [{ expiresAt: expect.any(String) }] });
    client.emitIn('/', 50, 'token', 'a later one');
    expect(authenticator.pending).toHaveLength(1);
  });

  it('leaves the event `token` to the backend where logins do not end', () => {
    const world = new World();
    const client = new Client(world).join();
    client.emit('token', 'mine');
    world.tick();
    expect(world.heard('message').map(({ event }) => event)).toEqual(['token']);
  });
});

describe('limits', () => {
  it('per connection: closes as rate limit and counts what was refused', () => {
    const settings = { 'limits.connection.messages': '10', 'limits.connection.burst': '20' };
    const world = new World({ settings });
    const client = new Client(world).join();
    const calm = new Client(world).join();
    for (let second = 0; second < 10; second++) {
      for (let i = 0; i < 9; i++) calm.emit('calm');
      world.advance(1_000);
    }
    expect(calm.closed).toBe(false);
    for (let i = 0; i < 40; i++) client.emit('flood');
    world.tick();
    expect(client.closed).toBe(true);
    expect(world.farewells()).toEqual({ [client.id]: 'rate limit' });
    // A full bucket less the CONNECT, which is a message, too, but refilled meanwhile.
    expect(world.heard('message').filter(({ event }) => event === 'flood')).toHaveLength(20);
    expect(world.dropped('rate limit')).toBe(1);
  });

  it('per address: refuses the handshake and forgets a connection that ends', () => {
    const world = new World({ settings: { 'limits.address.connections': '2' } });
    const [first, second, third] = [1, 2, 3].map(() => new Client(world).join());
    expect([first, second, third].map((client) => client!.refusal)).toEqual([null, null, 'tooManyRequests']);
    expect(world.metrics.counters.values[COUNTER.refusals['address limit']]).toBe(1);
    first!.hangUp();
    expect(new Client(world).join().refusal).toBeNull();
  });

  it('while draining: refuses everybody', () => {
    const world = new World();
    world.gateway.admission.stop();
    expect(new Client(world).join().refusal).toBe('unavailable');
    expect(world.gateway.connections.size).toBe(0);
    expect(world.metrics.counters.values[COUNTER.refusals.draining]).toBe(1);
  });
});

describe('a client that joins and leaves in a loop', () => {
  it('is closed before its logins flood whoever decides about them', () => {
    const authenticator = new ScriptedAuthenticator();
    const world = new World({ authenticator });
    const client = new Client(world).begin();
    const neighbour = new Client(world, {}).join('/', { token: 'v' });
    for (let i = 0; i < 50; i++) {
      client.send('40{"token":"u"}');
      client.send('41');
    }
    world.tick();
    expect(client.closed).toBe(true);
    expect(neighbour.closed).toBe(false);
    expect(authenticator.pending.length).toBeLessThanOrEqual(9);
  });
});

describe('a token that is revoked', () => {
  const login = (tokenId: string) => ({ user: 'ann', expiresAt: Number.POSITIVE_INFINITY, tokenId });
  /** The token says what it is known by. */
  const authenticator = { authenticate: ({ token }: { token: string }) => login(token) };

  it('ends the connections that bear it, each once, and no others', async () => {
    const world = new World({ authenticator });
    const bad = new Client(world).join('/', { token: 'bad' });
    const good = new Client(world).join('/', { token: 'good' });
    await world.settle();
    expect(endLogins(world.gateway, (id) => id === 'bad')).toBe(1);
    await world.settle();
    expect(bad.webSocket!.farewell).toEqual({ code: 4004, reason: 'token expired' });
    expect(good.closed).toBe(false);
    expect(world.disconnects('token expired')).toBe(1);
    expect(endLogins(world.gateway, (id) => id === 'bad')).toBe(0);
  });

  it('lets nobody stay who was let in with it just before', async () => {
    const world = new World({
      authenticator,
      parts: (parts) => ({ ...parts, isRevoked: (id) => id === 'bad' }),
    });
    const late = new Client(world).join('/', { token: 'bad' });
    const good = new Client(world).join('/', { token: 'good' });
    await world.settle();
    expect(late.webSocket!.farewell).toEqual({ code: 4004, reason: 'token expired' });
    expect(world.farewells()).toEqual({ [late.id]: 'token expired' });
    expect(good.closed).toBe(false);
  });
});
