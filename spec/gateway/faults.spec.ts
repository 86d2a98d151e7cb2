import { describe, expect, it } from 'vitest';
import { HoldfastError } from '../../src/runtime/errors/holdfast-error.ts';
import { COUNTER } from '../../src/runtime/metrics/counter-slots.ts';
import type { UpstreamLog, UpstreamRecord } from '../../src/runtime/ports/upstream-log.ts';
import { Client } from './client.ts';
import { NODE, World } from './world.ts';

/** A log that throws on the records that `breaks` picks. */
function breaking(breaks: (record: UpstreamRecord) => Error | null) {
  return (log: UpstreamLog): UpstreamLog => ({
    append: (record) => {
      const error = breaks(record);
      if (error !== null) throw error;
      log.append(record);
    },
    consume: (handler) => log.consume(handler),
    flush: () => log.flush(),
    close: () => log.close(),
  });
}

describe('a failure while handling one connection', () => {
  const kinds: readonly UpstreamRecord['kind'][] = ['connect', 'message', 'disconnect'];

  it.each(kinds)(
    'on its %s record closes that connection as internal error and touches nobody else',
    (kind) => {
      let armed = false;
      const world = new World({
        upstream: breaking((record) => (armed && record.kind === kind ? new Error('our bug') : null)),
      });
      for (const transport of ['websocket', 'polling'] as const) {
        const neighbour = new Client(world, { transport }).join();
        const victim = new Client(world, { transport }).begin();
        armed = kind === 'connect';
        victim.enter();
        armed = kind === 'message';
        victim.emit('hello');
        armed = kind === 'disconnect';
        world.tick();
        if (kind === 'disconnect') victim.leave();
        armed = false;
        world.tick();
        world.advance(6_000);
        expect(world.gateway.connections.at(victim.connection!.row), transport).not.toBe(victim.connection);
        expect(neighbour.closed).toBe(false);
        neighbour.emit('still here', transport);
        world.emit({ sockets: [neighbour.id] }, 'hello', []);
        world.tick();
        expect(neighbour.events).toHaveLength(1);
      }
      expect(world.disconnects('internal error')).toBe(2);
      const gone = world
        .heard('disconnect')
        .map(({ reason, socket }) => [reason, socket.transport, socket.address]);
      const said = [
        ['internal error', 'websocket', '203.0.113.7'],
        ['internal error', 'polling', '203.0.113.7'],
      ];
      expect(gone).toEqual(kind === 'disconnect' ? [] : said);
      expect(world.metrics.counters.values[COUNTER.internalErrors]).toBeGreaterThanOrEqual(2);
      expect(world.gateway.connections.size).toBe(2);
      expect(world.gateway.socketTable.size).toBe(2);
      expect(world.presence.size).toBe(2);
      expect(world.heard('message').filter(({ event }) => event === 'still here')).toHaveLength(2);
      expect(world.log.some(({ fields }) => Array.isArray(fields.events) && fields.events.length > 0)).toBe(
        true,
      );
    },
  );

  it('in the transport closes that connection only', () => {
    const world = new World();
    const neighbour = new Client(world).join();
    const victim = new Client(world).join();
    victim.webSocket!.send = () => {
      throw new Error('broken');
    };
    victim.emitIn('/', 3, 'ask');
    world.emit({ everyone: true }, 'news', []);
    void world.dispatcher.acknowledge(victim.id, 3, { args: '[]', attachments: [] }, NODE);
    expect(() => world.tick()).not.toThrow();
    world.tick();
    expect(neighbour.events.map(({ event }) => event)).toEqual(['news']);
    expect(world.disconnects('internal error')).toBe(1);
  });

  it('is none when the clock was set back so far that no id can be issued', () => {
    const world = new World();
    const client = new Client(world).join();
    world.clock.jumpWall(-3_600_000);
    client.emit('lost');
    expect(new Client(world).begin().refusal).toBe('internal');
    world.clock.jumpWall(3_600_000);
    client.emit('heard');
    world.tick();
    expect(client.closed).toBe(false);
    expect(world.heard('message').map(({ event }) => event)).toEqual(['heard']);
    expect(world.dropped('no id')).toBe(1);
  });

  it('never keeps a disconnect from the backend, not even while the clock is set back by an hour', () => {
    const world = new World();
    const client = new Client(world).join();
    world.clock.jumpWall(-3_600_000);
    client.leave();
    world.tick();
    expect(world.heard('disconnect').map(({ socket }) => socket.id)).toEqual([client.id]);
    world.clock.jumpWall(3_600_000);
    new Client(world).join();
    world.tick();
    const ids = world.records.map(({ messageId }) => messageId);
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('is none when the bus says that it is full: the record is counted and the client stays', () => {
    const full = new HoldfastError('resource_exhausted', 'full');
    const world = new World({ upstream: breaking(({ kind }) => (kind === 'message' ? full : null)) });
    const client = new Client(world).join();
    client.emit('a');
    client.emit('b');
    world.tick();
    expect(client.closed).toBe(false);
    expect(world.dropped('backend queue')).toBe(2);
  });

  it('on a bus that stays full fills no log: the first lines are written, the others counted', () => {
    const full = new HoldfastError('resource_exhausted', 'full');
    const world = new World({ upstream: breaking(({ kind }) => (kind === 'message' ? full : null)) });
    const client = new Client(world).join();
    for (let i = 0; i < 100; i++) client.emit('a');
    world.tick();
    const lines = () => world.log.filter(({ message }) => message.includes('not put on the bus')).length;
    expect(lines()).toBe(5);
    expect(world.metrics.counters.values[COUNTER.logLinesHeldBack]).toBe(95);
    world.advance(10_000);
    expect(world.log.some(({ fields }) => fields.heldBack === 95)).toBe(true);
    client.emit('a');
    expect(lines()).toBe(6);
  });
});
