import { describe, expect, it } from 'vitest';
import { Client } from './client.ts';
import { ScriptedAuthenticator } from './scripted-authenticator.ts';
import { World } from './world.ts';

const SETTINGS = { 'socketio.namespaces': '/,/chat,/rooms/*' };

describe('namespaces', () => {
  it('are multiplexed on one connection, each with a socket of its own', () => {
    const world = new World({ settings: SETTINGS });
    const client = new Client(world).join();
    client.enter('/chat');
    client.enter('/rooms/7');
    world.tick();
    expect([...client.sockets.keys()]).toEqual(['/', '/chat', '/rooms/7']);
    expect(new Set(client.sockets.values()).size).toBe(3);
    client.emitIn('/chat', -1, 'hi', 1);
    world.emit({ everyone: true }, 'news', ['for chat'], { namespace: '/chat' });
    world.tick();
    expect(world.heard('message').map(({ socket }) => [socket.namespace, socket.id])).toEqual([
      ['/chat', client.sockets.get('/chat')],
    ]);
    expect(client.events).toEqual([{ namespace: '/chat', event: 'news', args: ['for chat'], ackId: -1 }]);
  });

  it('refuses unknown ones with CONNECT_ERROR and keeps the connection', () => {
    const world = new World({ settings: SETTINGS });
    const client = new Client(world).join();
    for (const name of ['/nowhere', '/rooms/', '/rooms/a/b', '/chat/x', `/rooms/${'x'.repeat(300)}`]) {
      client.enter(name);
    }
    world.tick();
    // A pattern's star stands for any characters but the slash, also for none.
    expect(client.errors.map(({ namespace, data }) => [namespace.slice(0, 10), data])).toEqual([
      ['/nowhere', { message: 'Invalid namespace' }],
      ['/rooms/a/b', { message: 'Invalid namespace' }],
      ['/chat/x', { message: 'Invalid namespace' }],
      ['/rooms/xxx', { message: 'Invalid namespace' }],
    ]);
    expect(client.closed).toBe(false);
    expect(world.gateway.socketTable.size).toBe(2);
  });

  it('refuses them with an ERROR packet of a plain string in Engine.IO 3', () => {
    const world = new World({ settings: SETTINGS });
    const client = new Client(world, { revision: 3 }).join();
    client.enter('/nowhere');
    world.tick();
    expect(client.errors).toEqual([{ namespace: '/nowhere', data: 'Invalid namespace' }]);
    expect(client.frames).toContain('44/nowhere,"Invalid namespace"');
  });

  it('closes a client that joins one twice', () => {
    const world = new World();
    const client = new Client(world).join();
    client.enter('/');
    expect(client.closed).toBe(true);
    expect(world.disconnects('transport error')).toBe(1);
  });

  it('closes a client that speaks in one it has not joined', () => {
    const world = new World({ settings: SETTINGS });
    const client = new Client(world).join();
    client.emitIn('/chat', -1, 'too early');
    expect(client.closed).toBe(true);
    expect(world.disconnects('parse error')).toBe(1);
    expect(world.dropped('no namespace')).toBe(1);
  });

  it('bounds how many one connection joins', () => {
    const world = new World({ settings: SETTINGS });
    const client = new Client(world).join();
    for (let i = 0; i < 300; i++) client.enter(`/rooms/${i}`);
    world.tick();
    expect(client.closed).toBe(true);
    expect(world.gateway.socketTable.size).toBe(0);
    expect([...world.gateway.namespaces.all()]).toEqual([]);
  });

  it('can be left and joined again, with a new id', () => {
    const world = new World({ settings: SETTINGS });
    const client = new Client(world).join();
    const first = client.id;
    client.leave();
    world.tick();
    expect(world.farewells()).toEqual({ [first]: 'client namespace disconnect' });
    client.enter();
    world.tick();
    expect(client.id).not.toBe(first);
    world.emit({ sockets: [first] }, 'to the old one', []);
    world.emit({ sockets: [client.id] }, 'to the new one', []);
    world.tick();
    expect(client.events.map(({ event }) => event)).toEqual(['to the new one']);
  });

  it('does not split when its last member leaves while another is logging in', async () => {
    const authenticator = new ScriptedAuthenticator();
    const world = new World({ authenticator });
    const old = new Client(world).join('/', { token: 'x' });
    authenticator.accept('u1');
    await world.settle();
    const reloaded = new Client(world).join('/', { token: 'x' });
    old.hangUp();
    world.tick();
    authenticator.accept('u1');
    await world.settle();
    const later = new Client(world).join('/', { token: 'x' });
    authenticator.accept('u2');
    await world.settle();
    world.emit({ everyone: true }, 'news', []);
    world.tick();
    expect([reloaded, later].map((client) => client.events.length)).toEqual([1, 1]);
  });

  it('does not split when one of two first logins is refused', async () => {
    const authenticator = new ScriptedAuthenticator();
    const world = new World({ authenticator });
    const refused = new Client(world).join();
    const accepted = new Client(world).join();
    authenticator.refuse('no');
    await world.settle();
    authenticator.accept('u1');
    await world.settle();
    world.emit({ everyone: true }, 'news', []);
    world.tick();
    expect(refused.errors).toEqual([{ namespace: '/', data: { message: 'no' } }]);
    expect(accepted.events.map(({ event }) => event)).toEqual(['news']);
  });
});

describe('disconnecting', () => {
  it('by the client leaves one namespace and keeps the others', () => {
    const world = new World({ settings: SETTINGS });
    const client = new Client(world).join();
    client.enter('/chat');
    world.tick();
    const chat = client.sockets.get('/chat')!;
    client.leave('/chat');
    world.tick();
    expect(world.farewells()).toEqual({ [chat]: 'client namespace disconnect' });
    expect(client.closed).toBe(false);
  });

  it('by the server sends DISCONNECT, after which stock clients stay away', async () => {
    const world = new World();
    const client = new Client(world).join();
    const { id } = client;
    const changed = world.perform({
      kind: 'disconnect',
      namespace: '/',
      to: { sockets: [id] },
      closeConnection: false,
    });
    await world.settle();
    expect(await changed).toBe(1);
    expect(client.disconnects).toEqual(['/']);
    expect(client.closed).toBe(false);
    expect(world.farewells()).toEqual({ [id]: 'server namespace disconnect' });
  });

  it('forgives packets that crossed a DISCONNECT of ours', async () => {
    const world = new World();
    const client = new Client(world).join();
    void world.perform({
      kind: 'disconnect',
      namespace: '/',
      to: { everyone: true },
      closeConnection: false,
    });
    client.emit('crossed');
    await world.settle();
    expect(client.closed).toBe(false);
    expect(world.heard('message')).toEqual([]);
    expect(world.dropped('no namespace')).toBe(1);
  });

  it('with closeConnection ends the transport and every socket on it', async () => {
    const world = new World({ settings: SETTINGS });
    const client = new Client(world).join();
    client.enter('/chat');
    world.tick();
    const ids = [...client.sockets.values()];
    void world.perform({
      kind: 'disconnect',
      namespace: '/',
      to: { sockets: [ids[0]!] },
      closeConnection: true,
    });
    await world.settle();
    expect(client.closed).toBe(true);
    expect(Object.keys(world.farewells()).sort()).toEqual(ids.sort());
    expect(world.disconnects('forced server close')).toBe(1);
  });

  it('lets a slow reader have everything that was sent before the farewell', async () => {
    const world = new World();
    const client = new Client(world).join();
    const { id } = client;
    client.webSocket!.stopReading();
    world.emit({ everyone: true }, 'last', ['words']);
    void world.perform({ kind: 'disconnect', namespace: '/', to: { everyone: true }, closeConnection: true });
    await world.settle();
    world.emit({ everyone: true }, 'too', ['late']);
    client.message('40');
    world.advance(1_000);
    expect(client.state).toBe('closing');
    client.webSocket!.read(Number.POSITIVE_INFINITY);
    world.tick();
    expect(client.webSocket!.farewell).toEqual({ code: 1000, reason: 'forced server close' });
    expect(client.events.map(({ event }) => event)).toEqual(['last']);
    expect(client.disconnects).toEqual(['/']);
    expect(world.farewells()).toEqual({ [id]: 'server namespace disconnect' });
    expect(world.gateway.socketTable.size).toBe(0);
    expect(world.gateway.connections.size).toBe(0);
  });

  it('cuts off after closeTimeout whoever does not read its last words', async () => {
    const world = new World();
    const client = new Client(world).join();
    client.webSocket!.stopReading();
    world.emit({ everyone: true }, 'last', ['words']);
    void world.perform({ kind: 'disconnect', namespace: '/', to: { everyone: true }, closeConnection: true });
    await world.settle();
    world.advance(4_900);
    expect(client.closed).toBe(false);
    world.advance(200);
    expect(client.closed).toBe(true);
    expect(client.webSocket!.farewell).toBeNull();
    expect(world.gateway.connections.size).toBe(0);
  });

  it('by draining closes the transport and never sends DISCONNECT', () => {
    const world = new World();
    const client = new Client(world).join();
    world.gateway.signal(client.connection!, 'SERVER_SHUTTING_DOWN');
    world.tick();
    expect(client.closed).toBe(true);
    expect(client.disconnects).toEqual([]);
    expect(client.webSocket!.farewell).toEqual({ code: 1001, reason: 'server shutting down' });
    expect(world.farewells()).toEqual({ [client.id]: 'server shutting down' });
  });

  it('tells the backend of the socket as it was, however the connection ended', async () => {
    const ends: ((world: World, client: Client) => void)[] = [
      (_, client) => client.hangUp(),
      (_, client) => client.send('1'),
      (_, client) => client.send('9'),
      (_, client) => client.leave(),
      (world) => {
        void world.perform({
          kind: 'disconnect',
          namespace: '/',
          to: { everyone: true },
          closeConnection: true,
        });
      },
      (world, client) => world.gateway.signal(client.connection!, 'SESSION_LIMIT_EXCEEDED'),
      (world) => world.advance(61_000),
      (world, client) => {
        client.die();
        world.advance(50_000);
      },
    ];
    for (const end of ends) {
      const authenticator = new ScriptedAuthenticator();
      const world = new World({ authenticator });
      const client = new Client(world, { query: 'clientVersion=4.8' }).join();
      authenticator.accept('u1', world.clock.wallNow() + 60_000);
      await world.settle();
      void world.perform({ kind: 'join', namespace: '/', to: { everyone: true }, rooms: ['r'] });
      const before = client.connection!.socket!.snapshot();
      end(world, client);
      world.advance(100);
      expect(
        world.heard('disconnect').map(({ socket }) => socket),
        String(end),
      ).toEqual([before]);
      expect(before).toMatchObject({ transport: 'websocket', address: '203.0.113.7', rooms: ['r'] });
    }
  });

  it('says of every way the transport ends which it was', () => {
    const world = new World();
    const ways: [string, (client: Client) => void][] = [
      ['transport close', (client) => client.hangUp()],
      ['transport error', (client) => client.hangUp(1002)],
      ['transport close', (client) => client.send('1')],
      ['parse error', (client) => client.send('42{"no":"array"}')],
      ['parse error', (client) => client.send('9')],
      ['parse error', (client) => client.send('42["connect"]')],
      ['parse error', (client) => client.send('51-["x",{"_placeholder":true,"num":3}]')],
    ];
    for (const [reason, end] of ways) {
      const client = new Client(world).join();
      end(client);
      world.tick();
      expect(world.farewells()[client.id], String(end)).toBe(reason);
    }
    expect(world.gateway.connections.size).toBe(0);
  });
});
