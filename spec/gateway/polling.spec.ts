import { describe, expect, it } from 'vitest';
import { Client } from './client.ts';
import { World } from './world.ts';

function polling(world: World, options = {}): Client {
  return new Client(world, { transport: 'polling', ...options }).join();
}

describe('polling', () => {
  it('holds a poll until there is something, and answers with everything of one tick', () => {
    const world = new World();
    const client = polling(world);
    expect(client.poll).not.toBeNull();
    const { poll } = client;
    world.emit({ everyone: true }, 'a', []);
    world.emit({ everyone: true }, 'b', []);
    expect(poll!.payload).toBeNull();
    world.tick();
    expect(poll!.payload).toBe('42["a"]\x1e42["b"]');
  });

  it('keeps what comes between two polls for the next one', () => {
    const world = new World();
    const client = polling(world, { polls: false });
    expect(client.poll).toBeNull();
    world.emit({ everyone: true }, 'a', []);
    world.advance(1_000);
    expect(client.get()).toBeNull();
    world.tick();
    expect(client.events.map(({ event }) => event)).toEqual(['a']);
  });

  it('refuses a second poll and closes the session; the first poll gets the close packet', () => {
    const world = new World();
    const client = polling(world);
    const first = client.poll!;
    expect(client.get()).toBe('badRequest');
    expect(first.payload).toBe('1');
    expect(world.disconnects('transport error')).toBe(1);
    expect(world.gateway.connections.size).toBe(0);
  });

  it('refuses a second POST while one is being received, and closes the session', () => {
    const world = new World();
    const client = polling(world);
    const { engine } = world.gateway;
    const ticket = engine.polling.beginPost(client.connection!, false);
    expect(typeof ticket).toBe('object');
    expect(engine.polling.beginPost(client.connection!, false)).toBe('badRequest');
    expect(world.disconnects('transport error')).toBe(1);
  });

  it('gives the close packet to a client that polls after the server closed', async () => {
    const world = new World();
    const client = polling(world, { polls: false });
    void world.perform({ kind: 'disconnect', namespace: '/', to: { everyone: true }, closeConnection: true });
    await world.settle();
    expect(client.state).toBe('closing');
    client.polls = true;
    expect(client.get()).toBeNull();
    world.tick();
    expect(client.frames.slice(-2)).toEqual(['41', '1']);
    expect(world.gateway.connections.size).toBe(0);
  });

  it('ends the session after closeTimeout when the client never polls again', async () => {
    const world = new World();
    const client = polling(world, { polls: false });
    void world.perform({ kind: 'disconnect', namespace: '/', to: { everyone: true }, closeConnection: true });
    await world.settle();
    world.advance(4_900);
    expect(client.state).toBe('closing');
    world.advance(200);
    expect(world.gateway.connections.size).toBe(0);
    expect(world.disconnects('forced server close')).toBe(1);
  });

  it('closes when a poll is aborted', () => {
    const world = new World();
    const client = polling(world);
    client.abortPoll();
    world.tick();
    expect(world.disconnects('transport close')).toBe(1);
    expect(world.farewells()).toEqual({ [client.id]: 'transport close' });
  });

  it('releases the pending poll of a client that says goodbye by POST', () => {
    const world = new World();
    const client = polling(world);
    const poll = client.poll!;
    expect(client.post('1')).toBeNull();
    expect(poll.payload).toBe('6');
    expect(world.disconnects('transport close')).toBe(1);
  });

  it('takes nothing that stands behind a goodbye in the same POST', () => {
    const world = new World();
    const client = polling(world);
    client.post('42["before"]\x1e1\x1e42["after"]\x1e40/\x1e40');
    world.tick();
    expect(world.heard('message').map(({ event }) => event)).toEqual(['before']);
    expect(world.gateway.connections.size).toBe(0);
    expect(world.gateway.socketTable.size).toBe(0);
    expect(world.presence.size).toBe(0);
  });

  it('takes nothing from a POST that was still being received when the session ended', () => {
    const world = new World();
    const client = polling(world);
    const { engine } = world.gateway;
    const ticket = engine.polling.beginPost(client.connection!, false);
    if (typeof ticket === 'string') throw new Error(ticket);
    client.abortPoll();
    expect(engine.polling.post(ticket, Buffer.from('40\x1e42["late"]'), false)).toBe('unknownSession');
    const successor = polling(world);
    engine.polling.postAborted(ticket);
    engine.polling.postTooLarge(ticket);
    world.tick();
    expect(world.heard('message')).toEqual([]);
    expect(successor.closed).toBe(false);
    expect(world.gateway.socketTable.size).toBe(1);
  });

  it('does not know the session under another revision, path or transport', () => {
    const world = new World();
    const client = polling(world);
    const { engine } = world.gateway;
    expect(engine.find(client.sid, 'socket.io', 4)).toBe(client.connection);
    expect(engine.find(client.sid, 'socket.io', 3)).toBeNull();
    expect(engine.find(client.sid, 'engine.io', 4)).toBeNull();
    expect(engine.find(`${client.sid.slice(0, -1)}A`, 'socket.io', 4)).toBeNull();
    client.upgrade();
    expect(client.get()).toBe('badRequest');
    expect(client.closed).toBe(false);
  });

  it('speaks Engine.IO 3 with lengths, and binary as base64', () => {
    const world = new World();
    const client = polling(world, { revision: 3, base64: true });
    world.emit({ everyone: true }, 'bytes', [{ _placeholder: true, num: 0 }], {
      body: { args: '[{"_placeholder":true,"num":0}]', attachments: [Uint8Array.of(1, 2, 3)] },
    });
    world.tick();
    expect(client.events).toEqual([
      { namespace: '/', event: 'bytes', args: [Uint8Array.of(1, 2, 3)], ackId: -1 },
    ]);
  });
});
