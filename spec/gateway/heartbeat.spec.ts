import { describe, expect, it } from 'vitest';
import { Client } from './client.ts';
import { World } from './world.ts';

const ADAPTIVE = {
  'heartbeat.adaptive': 'true',
  'heartbeat.adaptive.every': '2',
  'heartbeat.adaptive.step': '5s',
  'heartbeat.adaptive.max': '40s',
  'heartbeat.adaptive.retry': '1s',
};

/** Seconds between the pings, and before the first one. */
function gaps(client: Client, since: number): number[] {
  return client.pings.map((at, i) => Math.round((at - (client.pings[i - 1] ?? since)) / 1000));
}

describe('heartbeat of Engine.IO 4', () => {
  it.each(['websocket', 'polling'] as const)(
    'pings every pingInterval over %s and keeps whoever answers',
    (transport) => {
      const world = new World();
      const client = new Client(world, { transport }).join();
      const opened = world.clock.now();
      world.advance(101_000);
      expect(gaps(client, opened)).toEqual([25, 25, 25, 25]);
      expect(client.state).toBe(`open.${transport}.calm.joined`);
    },
  );

  it.each(['websocket', 'polling'] as const)(
    'closes as ping timeout when no pong arrives over %s within pingTimeout',
    (transport) => {
      const world = new World();
      const client = new Client(world, { transport, answersPings: false }).join();
      world.advance(44_900);
      expect(client.closed).toBe(false);
      world.advance(200);
      expect(client.closed).toBe(true);
      expect(world.farewells()).toEqual({ [client.id]: 'ping timeout' });
      expect(world.disconnects('ping timeout')).toBe(1);
    },
  );

  it('takes any packet for a sign of life', () => {
    const world = new World();
    const client = new Client(world, { answersPings: false }).join();
    world.advance(44_000);
    client.emit('still here');
    world.advance(24_000);
    expect(client.closed).toBe(false);
    world.advance(22_000);
    expect(client.closed).toBe(true);
  });

  it('closes a client that pings: in this revision only the server does', () => {
    const world = new World();
    const client = new Client(world).join();
    client.send('2');
    world.tick();
    expect(world.farewells()).toEqual({ [client.id]: 'transport error' });
  });

  it('pings plain WebSockets by ping frames', () => {
    const world = new World();
    const client = new Client(world, { speaks: 'websocket' }).join();
    world.advance(60_000);
    expect(client.webSocket!.pings).toBe(2);
    expect(client.closed).toBe(false);
    client.die();
    world.advance(46_000);
    expect(client.closed).toBe(true);
    expect(world.disconnects('ping timeout')).toBe(1);
  });
});

describe('heartbeat of Engine.IO 3', () => {
  it('answers pings and never pings', () => {
    const world = new World();
    const client = new Client(world, { revision: 3 }).join();
    for (let beat = 0; beat < 4; beat++) {
      world.advance(25_000);
      client.send('2');
    }
    world.tick();
    expect(client.pings).toEqual([]);
    expect(client.frames.filter((frame) => frame === '3')).toHaveLength(4);
    expect(client.closed).toBe(false);
  });

  it('closes as ping timeout after pingInterval + pingTimeout of silence', () => {
    const world = new World();
    const client = new Client(world, { revision: 3 }).join();
    world.advance(30_000);
    client.send('2');
    world.advance(44_900);
    expect(client.closed).toBe(false);
    world.advance(200);
    expect(client.closed).toBe(true);
    expect(world.disconnects('ping timeout')).toBe(1);
  });

  it('closes a client that sends a pong', () => {
    const world = new World();
    const client = new Client(world, { revision: 3 }).join();
    client.send('3');
    expect(world.disconnects('transport error')).toBe(1);
  });
});

describe('adaptive heartbeat', () => {
  it('grows by step after every good beats, up to max, and tells the client max', () => {
    const world = new World({ settings: ADAPTIVE });
    const client = new Client(world).join();
    const opened = world.clock.now();
    expect(client.open).toMatchObject({ pingInterval: 40_000, pingTimeout: 20_000 });
    world.advance(320_000);
    expect(gaps(client, opened)).toEqual([25, 25, 30, 30, 35, 35, 40, 40, 40]);
  });

  it('falls to retry at once on a missed beat and grows again from there', () => {
    const world = new World({ settings: ADAPTIVE });
    const client = new Client(world).join();
    world.advance(30_000);
    client.answersPings = false;
    world.advance(24_000);
    client.answersPings = true;
    client.pings.length = 0;
    const since = world.clock.now();
    world.advance(30_000);
    expect(gaps(client, since).slice(0, 5)).toEqual([1, 1, 6, 6, 11]);
    expect(client.closed).toBe(false);
  });

  it('finds a dead peer within the interval and pingTimeout whatever the interval has become', () => {
    for (const lived of [1_000, 60_000, 200_000, 400_000]) {
      const world = new World({ settings: ADAPTIVE });
      const client = new Client(world).join();
      world.advance(lived);
      client.die();
      world.advance(60_100);
      expect(client.closed, `after ${lived} ms`).toBe(true);
      expect(world.disconnects('ping timeout')).toBe(1);
    }
  });
});

describe('a stalled event loop', () => {
  it('closes nobody: deadlines are extended by the stall', () => {
    const world = new World();
    const clients = Array.from({ length: 50 }, (_, i) => {
      const client = new Client(world, {
        transport: i % 2 === 0 ? 'websocket' : 'polling',
        revision: i % 5 === 0 ? 3 : 4,
      }).join();
      world.advance(500);
      return client;
    });
    for (const stalled of [5_000, 20_000, 30_000]) {
      world.stall(stalled);
      // Clients of Engine.IO 3 have pinged meanwhile.
      for (const client of clients) if (client.options.revision === 3) client.send('2');
      world.advance(20_000);
      for (const client of clients) if (client.options.revision === 3) client.send('2');
    }
    expect(clients.filter((client) => client.closed)).toEqual([]);
    expect(world.wheel.forgiven).toBeGreaterThan(54_000);
  });

  it('does not take a silence of its own for one of an Engine.IO 3 client', () => {
    const world = new World();
    const client = new Client(world, { revision: 3 }).join();
    world.advance(25_000);
    client.send('2');
    // The watch is about to look, and the next ping is read only after the stall.
    world.advance(19_995);
    world.stall(30_000);
    client.send('2');
    world.advance(1_000);
    expect(client.closed).toBe(false);
  });

  it('does not take a wait of its own for a slow consumer', () => {
    const world = new World();
    const client = new Client(world, { transport: 'polling', polls: false }).join();
    client.get();
    world.tick();
    world.emit({ everyone: true }, 'news', [1]);
    world.advance(5_000);
    world.emit({ everyone: true }, 'news', [2]);
    world.stall(20_000);
    world.advance(1_000);
    expect(client.closed).toBe(false);
    expect(world.disconnects('slow consumer')).toBe(0);
  });

  it('is counted', () => {
    const world = new World();
    new Client(world).join();
    world.stall(20_000);
    world.advance(100);
    world.stall(5_000);
    expect(world.stallsForgiven()).toBe(2);
  });
});

describe('connectTimeout', () => {
  it('closes a Socket.IO client that joins no namespace', () => {
    const world = new World();
    const client = new Client(world).begin();
    world.advance(44_900);
    expect(client.closed).toBe(false);
    world.advance(200);
    expect(client.closed).toBe(true);
    expect(world.disconnects('connect timeout')).toBe(1);
    expect(world.records).toEqual([]);
  });

  it('does not concern clients that join implicitly', () => {
    const world = new World();
    const clients = [
      new Client(world, { speaks: 'engine.io' }).join(),
      new Client(world, { speaks: 'websocket' }).join(),
      new Client(world, { speaks: 'engine.io', transport: 'polling' }).join(),
    ];
    world.advance(60_000);
    expect(clients.map((client) => client.closed)).toEqual([false, false, false]);
  });

  it('is not armed again after the last namespace was left', () => {
    const world = new World();
    const client = new Client(world).join();
    client.leave();
    world.advance(100_000);
    expect(client.closed).toBe(false);
    client.enter();
    world.tick();
    expect(client.id).not.toBe('');
  });
});
