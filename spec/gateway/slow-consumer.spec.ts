import { describe, expect, it } from 'vitest';
import { Client } from './client.ts';
import { World } from './world.ts';

const BIG = 'x'.repeat(10_000);
const SETTINGS = { 'slowConsumer.maxBytes': '100KB', 'slowConsumer.maxDelay': '10s' };

describe('a slow consumer', () => {
  it('on a WebSocket is closed above maxBytes, by broadcast as well as by direct sends', () => {
    for (const direct of [true, false]) {
      const world = new World({ settings: SETTINGS });
      const slow = new Client(world).join();
      const neighbours = Array.from({ length: 5 }, () => new Client(world).join());
      slow.webSocket!.stopReading();
      for (let i = 0; i < 40; i++) {
        if (direct)
          for (const { id } of [slow, ...neighbours]) world.emit({ sockets: [id] }, 'big', [i, BIG]);
        else world.emit({ everyone: true }, 'big', [i, BIG]);
        world.advance(20);
      }
      expect(slow.closed).toBe(true);
      expect(slow.webSocket!.farewell).toBeNull();
      expect(world.disconnects('slow consumer')).toBe(1);
      expect(world.farewells()).toEqual({ [slow.id]: 'slow consumer' });
      for (const neighbour of neighbours) {
        expect(neighbour.events.map(({ args }) => args[0])).toEqual(Array.from({ length: 40 }, (_, i) => i));
      }
    }
  });

  it('on polling is closed above maxBytes', () => {
    const world = new World({ settings: SETTINGS });
    const slow = new Client(world, { transport: 'polling' }).join();
    const neighbour = new Client(world, { transport: 'polling' }).join();
    slow.polls = false;
    for (let i = 0; i < 40; i++) {
      world.emit({ everyone: true }, 'big', [i, BIG]);
      world.advance(20);
    }
    expect(slow.get()).toBe('unknownSession');
    expect(world.farewells()).toEqual({ [slow.id]: 'slow consumer' });
    expect(neighbour.events).toHaveLength(40);
  });

  it.each(['websocket', 'polling'] as const)(
    'on %s is closed when it has not caught up for maxDelay',
    (transport) => {
      const world = new World({ settings: SETTINGS });
      const slow = new Client(world, { transport }).join();
      const quiet = new Client(world, { transport }).join();
      slow.polls = false;
      slow.webSocket?.stopReading();
      world.emit({ everyone: true }, 'small', []);
      world.advance(100);
      world.emit({ everyone: true }, 'small', []);
      world.advance(9_000);
      expect(world.disconnects('slow consumer')).toBe(0);
      world.advance(7_000);
      expect(world.farewells()).toEqual({ [slow.id]: 'slow consumer' });
      expect(quiet.closed).toBe(false);
    },
  );

  it('on polling is closed even where nothing was written to anybody for long', () => {
    const world = new World({ settings: SETTINGS });
    const slow = new Client(world, { transport: 'polling' }).join();
    slow.polls = false;
    world.emit({ everyone: true }, 'takes the poll', []);
    world.advance(8_000);
    world.emit({ everyone: true }, 'has to wait', []);
    world.advance(15_000);
    expect(world.farewells()).toEqual({ [slow.id]: 'slow consumer' });
  });

  it('stays when it catches up in time, with everything in order', () => {
    const world = new World({ settings: SETTINGS });
    const client = new Client(world).join();
    for (let round = 0; round < 6; round++) {
      client.webSocket!.stopReading();
      for (let i = 0; i < 5; i++) world.emit({ everyone: true }, 'big', [round * 5 + i, BIG]);
      world.advance(6_000);
      client.webSocket!.read(Number.POSITIVE_INFINITY);
      world.advance(1_000);
    }
    expect(client.closed).toBe(false);
    expect(client.events.map(({ args }) => args[0])).toEqual(Array.from({ length: 30 }, (_, i) => i));
  });

  it('costs volatile messages only, and each is counted', () => {
    const world = new World({ settings: SETTINGS });
    const slow = new Client(world).join();
    const poller = new Client(world, { transport: 'polling' }).join();
    const quick = new Client(world).join();
    slow.webSocket!.stopReading();
    poller.polls = false;
    world.emit({ everyone: true }, 'reliable', []);
    world.advance(100);
    for (let i = 0; i < 7; i++) {
      world.emit({ everyone: true }, 'volatile', [i], { volatile: true });
      world.advance(10);
    }
    expect(world.dropped('volatile')).toBe(14);
    slow.webSocket!.read(Number.POSITIVE_INFINITY);
    poller.polls = true;
    poller.get();
    world.advance(100);
    expect(slow.events.map(({ event }) => event)).toEqual(['reliable']);
    expect(poller.events.map(({ event }) => event)).toEqual(['reliable']);
    expect(quick.events).toHaveLength(8);
  });

  it('has the messages that waited for it counted when it is closed', () => {
    const world = new World({ settings: SETTINGS });
    const poller = new Client(world, { transport: 'polling' }).join();
    poller.polls = false;
    world.emit({ everyone: true }, 'took the poll', []);
    world.advance(10);
    for (let i = 0; i < 5; i++) world.emit({ everyone: true }, 'waits', [i]);
    world.advance(20_000);
    expect(world.disconnects('slow consumer')).toBe(1);
    expect(world.dropped('slow consumer')).toBe(5);
    const leaver = new Client(world, { transport: 'polling', polls: false }).join();
    world.emit({ everyone: true }, 'a', []);
    world.emit({ everyone: true }, 'b', [], {
      body: { args: '[{"_placeholder":true,"num":0}]', attachments: [Uint8Array.of(1)] },
    });
    world.tick();
    leaver.post('1');
    expect(world.dropped('closed')).toBe(2);
  });

  it('has messages counted that its transport no longer takes', () => {
    const world = new World({ settings: SETTINGS });
    const slow = new Client(world).join();
    slow.webSocket!.stopReading();
    for (let i = 0; i < 20; i++) world.emit({ everyone: true }, 'big', [i, BIG]);
    world.tick();
    expect(world.dropped('slow consumer')).toBe(10);
  });
});
