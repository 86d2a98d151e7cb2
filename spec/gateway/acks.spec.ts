import { describe, expect, it } from 'vitest';
import { Client } from './client.ts';
import { World } from './world.ts';

describe('acknowledgements asked of clients', () => {
  it('gathers one answer of each receiver of a broadcast, whatever its transport and parser', async () => {
    const world = new World();
    const clients = [
      new Client(world),
      new Client(world, { transport: 'polling' }),
      new Client(world, { revision: 3 }),
      new Client(world, { parser: 'msgpack' }),
    ].map((client) => client.join());
    // Neither can answer, so neither is asked.
    new Client(world, { speaks: 'websocket' }).join();
    new Client(world, { speaks: 'engine.io' }).join();
    for (const [i, client] of clients.entries()) client.onAck = ({ args }) => [args[0], i];
    const result = world.emitWithAck({ everyone: true }, 'question', ['q']);
    world.tick();
    await world.settle();
    const { answers, acked, expected, missing } = await result;
    expect({ acked, expected, missing }).toEqual({ acked: 4, expected: 4, missing: [] });
    const byId = Object.fromEntries(answers.map(({ socket, body }) => [socket, JSON.parse(body.args)]));
    expect(byId).toEqual(Object.fromEntries(clients.map((client, i) => [socketOf(client), ['q', i]])));
  });

  it('names those that did not answer in time', async () => {
    const world = new World();
    const quick = new Client(world).join();
    const silent = new Client(world).join();
    quick.onAck = () => [];
    const result = world.emitWithAck({ everyone: true }, 'question', []);
    let done = false;
    void result.then(() => {
      done = true;
    });
    world.advance(4_900);
    await world.settle();
    expect(done).toBe(false);
    world.advance(200);
    await world.settle();
    expect(await result).toMatchObject({ acked: 1, expected: 2, missing: [silent.id] });
    // Too late: nobody waits any more.
    silent.acknowledge('/', silent.events[0]!.ackId, []);
    expect(silent.closed).toBe(false);
  });

  it('counts without naming when asked to', async () => {
    const world = new World();
    const clients = Array.from({ length: 70 }, () => new Client(world).join());
    for (const client of clients.slice(0, 60)) client.onAck = () => ['ignored'];
    const result = world.emitWithAck({ everyone: true }, 'q', [], {
      ack: { timeout: 1_000, collect: 'count' },
    });
    world.advance(1_100);
    await world.settle();
    expect(await result).toEqual({ answers: [], acked: 60, expected: 70, missing: [] });
  });

  it('does not wait for sockets that leave, nor take their successors for them', async () => {
    const world = new World();
    const leaver = new Client(world).join();
    const stays = new Client(world).join();
    const result = world.emitWithAck({ everyone: true }, 'q', []);
    world.tick();
    const { ackId } = stays.events[0]!;
    leaver.hangUp();
    const successor = new Client(world).join();
    expect(successor.connection).toBe(leaver.connection);
    successor.acknowledge('/', ackId, ['not asked']);
    stays.acknowledge('/', ackId, ['mine']);
    stays.acknowledge('/', ackId, ['twice']);
    await world.settle();
    const { answers, acked, expected, missing } = await result;
    expect({ acked, expected, missing }).toEqual({ acked: 1, expected: 2, missing: [leaver.id] });
    expect(answers).toEqual([{ socket: stays.id, body: { args: '["mine"]', attachments: [] } }]);
  });

  it('is over at once when the last one that owes an answer leaves', async () => {
    const world = new World();
    const leaver = new Client(world).join();
    const result = world.emitWithAck({ everyone: true }, 'q', []);
    world.tick();
    leaver.hangUp();
    await world.settle();
    expect(await result).toMatchObject({ acked: 0, expected: 1, missing: [leaver.id] });
  });

  it('is over at once when nobody is asked', async () => {
    const world = new World();
    new Client(world).join();
    const result = world.emitWithAck({ rooms: ['empty'] }, 'q', []);
    await world.settle();
    expect(await result).toEqual({ answers: [], acked: 0, expected: 0, missing: [] });
  });

  it('takes several questions side by side, each with its own answers', async () => {
    const world = new World();
    const client = new Client(world).join();
    const results = [1, 2, 3].map((n) => world.emitWithAck({ everyone: true }, 'q', [n]));
    world.tick();
    for (const { ackId, args } of [...client.events].reverse()) client.acknowledge('/', ackId, args);
    await world.settle();
    expect((await Promise.all(results)).map(({ answers }) => answers[0]!.body.args)).toEqual([
      '[1]',
      '[2]',
      '[3]',
    ]);
  });

  it('reports volatile messages that could not be written as missing', async () => {
    const world = new World();
    const busy = new Client(world).join();
    busy.webSocket!.stopReading();
    world.emit({ everyone: true }, 'fills', ['the line']);
    world.tick();
    const result = world.emitWithAck({ everyone: true }, 'q', [], { volatile: true });
    const counted = world.emitWithAck({ everyone: true }, 'q', [], {
      volatile: true,
      ack: { timeout: 10, collect: 'count' },
    });
    await world.settle();
    expect(await result).toMatchObject({ acked: 0, expected: 1, missing: [busy.id] });
    expect(await counted).toMatchObject({ acked: 0, expected: 1, missing: [] });
  });

  it('carries attachments in answers', async () => {
    const world = new World();
    const client = new Client(world).join();
    const result = world.emitWithAck({ everyone: true }, 'q', []);
    world.tick();
    client.send(`461-${client.events[0]!.ackId}[{"_placeholder":true,"num":0}]`);
    client.send(Uint8Array.of(9, 8));
    await world.settle();
    expect((await result).answers[0]!.body).toEqual({
      args: '[{"_placeholder":true,"num":0}]',
      attachments: [Uint8Array.of(9, 8)],
    });
  });
});

describe('acknowledgements asked by clients', () => {
  it('reach the client in its own flavour', () => {
    const world = new World();
    const clients = [
      new Client(world),
      new Client(world, { revision: 3 }),
      new Client(world, { parser: 'msgpack' }),
      new Client(world, { transport: 'polling' }),
    ].map((client) => client.join());
    for (const client of clients) client.emitIn('/', 12, 'ask', 'me');
    world.tick();
    for (const record of world.heard('message')) {
      expect(record).toMatchObject({ event: 'ask', ackId: 12, body: { args: '["me"]' } });
      void world.dispatcher.acknowledge(record.key, 12, { args: '["answer"]', attachments: [] }, record.home);
    }
    world.tick();
    for (const client of clients) expect(client.acks).toEqual([{ id: 12, args: ['answer'] }]);
  });
});

function socketOf(client: Client): string {
  return client.connection!.socket!.id;
}
