import { describe, expect, it } from 'vitest';
import { Client } from './client.ts';
import { World } from './world.ts';

function polling(world: World, options = {}): Client {
  return new Client(world, { transport: 'polling', ...options }).join();
}

describe('upgrade to WebSocket', () => {
  it.each([3, 4] as const)('proves itself by probe, then takes over (revision %i)', (revision) => {
    const world = new World();
    const client = polling(world, { revision, base64: revision === 3 });
    client.openCandidate();
    client.sendByCandidate('2probe');
    expect(client.candidateFrames()).toEqual(['3probe']);
    expect(client.state).toContain('probing.answered');
    client.polls = false;
    world.advance(110);
    // The pending poll returned with a noop.
    expect(client.poll).toBeNull();
    expect(client.frames.at(-1)).toBe('6');
    client.completeUpgrade();
    expect(client.state).toContain('open.websocket');
    world.emit({ everyone: true }, 'hello', [1]);
    world.tick();
    expect(client.events.map(({ event }) => event)).toEqual(['hello']);
    expect(client.webSocket!.arrived).toContain('42["hello",1]');
  });

  it('releases a poll that comes in during the probe, again and again', () => {
    const world = new World();
    const client = polling(world);
    client.openCandidate();
    client.sendByCandidate('2probe');
    const before = client.frames.length;
    world.advance(1_050);
    expect(client.frames.slice(before).filter((frame) => frame === '6').length).toBeGreaterThan(8);
  });

  it('loses and reorders nothing in either direction while it happens', () => {
    for (let offset = 0; offset < 12; offset++) {
      const world = new World();
      const client = polling(world);
      let sent = 0;
      let received = 0;
      const talk = () => {
        world.emit({ sockets: [client.id] }, 'down', [sent++]);
        client.emit('up', received++);
      };
      const steps = [
        () => client.openCandidate(),
        () => client.sendByCandidate('2probe'),
        () => {
          client.polls = false;
        },
        () => world.advance(30),
        () => world.advance(100),
        () => {
          expect(client.poll).toBeNull();
          client.completeUpgrade();
        },
      ];
      for (const [at, step] of steps.entries()) {
        for (let i = 0; i < (at * 7 + offset) % 4; i++) talk();
        if (offset % 2 === 0) world.tick();
        step();
        talk();
        if (offset % 3 === 0) world.tick();
      }
      talk();
      world.advance(1_000);
      expect(client.state).toBe('open.websocket.calm.joined');
      expect(client.events.map(({ args }) => args[0])).toEqual(Array.from({ length: sent }, (_, i) => i));
      expect(world.heard('message').map(({ body }) => body.args)).toEqual(
        Array.from({ length: received }, (_, i) => `[${i}]`),
      );
    }
  });

  it('gives a candidate up after upgradeTimeout; the connection stays on polling', () => {
    const world = new World();
    const client = polling(world);
    const candidate = client.openCandidate();
    client.sendByCandidate('2probe');
    world.advance(10_100);
    expect(candidate.open).toBe(false);
    expect(client.state).toBe('open.polling.calm.joined');
    world.emit({ everyone: true }, 'still', []);
    world.tick();
    expect(client.events.map(({ event }) => event)).toEqual(['still']);
  });

  it('refuses a second candidate and leaves the first one alone', () => {
    const world = new World();
    const client = polling(world);
    const first = client.openCandidate();
    const second = client.openCandidate();
    expect(second.open).toBe(false);
    expect(first.open).toBe(true);
    client.candidate = first;
    client.sendByCandidate('2probe');
    expect(first.arrived).toEqual(['3probe']);
  });

  it('refuses a candidate of a connection that is on a WebSocket already', () => {
    const world = new World();
    const client = new Client(world).join();
    const second = client.openCandidate();
    expect(second.open).toBe(false);
    expect(client.closed).toBe(false);
  });

  it.each(['4hello', '5', '2', '42["event"]', '1', ''])(
    'closes a candidate that says %j before its probe, and nothing else',
    (frame) => {
      const world = new World();
      const client = polling(world);
      const candidate = client.openCandidate();
      client.sendByCandidate(frame);
      expect(candidate.open).toBe(false);
      expect(client.state).toBe('open.polling.calm.joined');
      expect(world.heard('message')).toEqual([]);
    },
  );

  it('survives a candidate that goes away', () => {
    const world = new World();
    const client = polling(world);
    const candidate = client.openCandidate();
    client.sendByCandidate('2probe');
    candidate.hangUp(1006);
    expect(client.state).toBe('open.polling.calm.joined');
    client.upgrade();
    expect(client.state).toBe('open.websocket.calm.joined');
  });

  it('closes the candidate when the connection ends', () => {
    const world = new World();
    const client = polling(world);
    const candidate = client.openCandidate();
    client.sendByCandidate('2probe');
    client.abortPoll();
    expect(candidate.open).toBe(false);
    expect(world.gateway.connections.size).toBe(0);
  });

  it('carries rooms over: a member is reached once, before and after', () => {
    const world = new World();
    const client = polling(world);
    const others = Array.from({ length: 80 }, () => new Client(world).join());
    void world.perform({ kind: 'join', namespace: '/', to: { everyone: true }, rooms: ['big'] });
    world.emit({ rooms: ['big'] }, 'before', []);
    world.tick();
    client.upgrade();
    world.emit({ rooms: ['big'] }, 'after', []);
    world.tick();
    expect(client.events.map(({ event }) => event)).toEqual(['before', 'after']);
    for (const other of others) {
      expect(other.events.map(({ event }) => event)).toEqual(['before', 'after']);
    }
  });
});
