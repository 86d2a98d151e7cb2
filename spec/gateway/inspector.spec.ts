import { describe, expect, it } from 'vitest';
import { LiveInspector } from '../../src/runtime/inspect/live-inspector.ts';
import type { InspectedEvent } from '../../src/runtime/ports/inspector.ts';
import { Client } from './client.ts';
import { World } from './world.ts';

function inspected(maxWatched = 2) {
  const world = new World();
  const { gateway, clock } = world;
  const inspector = new LiveInspector({
    gateway,
    clock,
    node: '7',
    version: 'test',
    history: 8,
    maxWatched,
    bodies: false,
    nodeState: () => 'ready',
  });
  return { world, inspector };
}

describe('the inspector', () => {
  it('counts connections and sockets by state', () => {
    const { world, inspector } = inspected();
    new Client(world).join();
    new Client(world, { transport: 'polling' }).join();
    new Client(world).begin();
    expect(inspector.overview()).toMatchObject({
      connections: 3,
      sockets: 2,
      states: {
        connection: {
          'open.websocket.calm.joined': 1,
          'open.polling.calm.joined': 1,
          'open.websocket.calm.alone': 1,
        },
        socket: { 'connected.unlimited': 2 },
        node: { ready: 1 },
      },
    });
  });

  it('keeps the last events of a watched connection and of no other', () => {
    const { world, inspector } = inspected();
    const [watched, other] = [new Client(world).join(), new Client(world).join()];
    expect(inspector.watch(watched.id)).toBe('watched');
    world.advance(80_000);
    // Half of what is kept are the packets.
    const events = inspector.connection(watched.id)!.events;
    expect(events.map(({ event, effects }) => [event, ...effects])).toEqual([
      ['pingInterval@open.heartbeat.calm', 'sendPing'],
      ['PONG_RECEIVED', 'countBeat'],
      ['pingInterval@open.heartbeat.calm', 'sendPing'],
      ['PONG_RECEIVED', 'countBeat'],
    ]);
    expect(inspector.connection(other.id)!.events).toEqual([]);
  });

  it('goes on watching for whoever asked for it when the last follower leaves', () => {
    const { world, inspector } = inspected();
    const client = new Client(world).join();
    inspector.watch(client.id);
    const stop = inspector.follow(
      client.id,
      () => {},
      () => {},
    )!;
    stop();
    world.advance(30_000);
    expect(inspector.connection(client.id)!.events.length).toBeGreaterThan(0);
    expect(inspector.unwatch(client.id)).toBe(true);
    expect(inspector.connection(client.id)!.watched).toBe(false);
  });

  it('stops watching when the last follower of two leaves, and tells followers of the end', () => {
    const { world, inspector } = inspected();
    const [first, second] = [new Client(world).join(), new Client(world).join()];
    const stops = [1, 2].map(
      () =>
        inspector.follow(
          first.id,
          () => {},
          () => {},
        )!,
    );
    stops[0]!();
    expect(inspector.connection(first.id)!.watched).toBe(true);
    stops[1]!();
    expect(inspector.connection(first.id)!.watched).toBe(false);
    const seen: InspectedEvent[] = [];
    let ended = 0;
    inspector.follow(
      second.id,
      (event) => seen.push(event),
      () => ended++,
    );
    second.hangUp();
    expect(ended).toBe(1);
    expect(seen.map(({ machine, event }) => `${machine} ${event}`)).toEqual([
      'connection TRANSPORT_CLOSED',
      'socket CONNECTION_CLOSED',
    ]);
    expect(inspector.connection(second.id)).toBeNull();
  });

  it('watches no more connections than it may', () => {
    const { world, inspector } = inspected(1);
    const [first, second] = [new Client(world).join(), new Client(world).join()];
    expect(inspector.watch(first.id)).toBe('watched');
    expect(inspector.watch(second.id)).toBe('too many');
    expect(inspector.watch('1')).toBe('not found');
    expect(
      inspector.follow(
        second.id,
        () => {},
        () => {},
      ),
    ).toBeNull();
    first.hangUp();
    expect(inspector.watch(second.id)).toBe('watched');
  });
});
