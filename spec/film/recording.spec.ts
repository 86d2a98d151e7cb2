import { pack } from 'msgpackr';
import { describe, expect, it } from 'vitest';
import type { EventFrame, Film, Frame, PacketFrame } from '../../src/runtime/film/film.ts';
import { firstDifference } from '../../src/runtime/film/replay.ts';
import { Client, type ClientOptions } from '../gateway/client.ts';
import { World } from '../gateway/world.ts';
import { filmOf, idsOf, inspectorOf, TABLES } from './recorded-world.ts';

function watched(options: ClientOptions = {}, inspect: Parameters<typeof inspectorOf>[1] = {}) {
  const world = new World();
  const inspector = inspectorOf(world, inspect);
  const client = new Client(world, options).join();
  const { connection } = client;
  const id = idsOf(world)[0]!;
  expect(inspector.watch(id)).toBe('watched');
  return { world, inspector, client, connection: connection!, id, film: () => filmOf(inspector, id) };
}

function events({ frames }: Film): EventFrame[] {
  return frames.filter((frame) => frame.kind === 'event');
}

function packets({ frames }: Film): string[] {
  return frames
    .filter((frame): frame is PacketFrame => frame.kind === 'packet')
    .map(({ direction, transport, type, size }) => `${direction} ${transport} ${type} ${size}`);
}

const hex = (text: string) => Buffer.from(text).toString('hex');

describe('the film of a watched connection', () => {
  it('shows each step with the answers of its guards, its effects, and the timers it arms and cancels', () => {
    const { world, film } = watched({ revision: 3 });
    world.advance(60_000);
    const step = events(film()).findLast(({ event }) => event.startsWith('silence@'))!;
    expect(step).toMatchObject({
      kind: 'event',
      machine: 'connection',
      event: 'silence@open.heartbeat.listening',
      guards: [{ name: 'heardWithinSilence', answer: false }],
      from: 'open.websocket.listening.joined',
      to: 'closing',
      effects: [{ name: 'closeCandidate' }, { name: 'beginClose', params: { reason: 'ping timeout' } }],
      timers: { armed: [{ name: 'closeTimeout@closing', ms: 5_000 }] },
    });
  });

  it('begins with the states and timers that the machines are in', () => {
    const { world, film, id } = watched();
    world.advance(1_000);
    expect(film()).toMatchObject({
      format: 'holdfast-film',
      version: 1,
      holdfast: 'test',
      subject: { id, node: '7', protocol: 'socket.io/5', transport: 'websocket', address: '203.0.113.7' },
      start: {
        time: expect.closeTo(world.clock.wallNow() - 1_000),
        machines: [
          {
            machine: 'connection',
            actor: id,
            state: 'open.websocket.calm.joined',
            timers: [{ name: 'pingInterval@open.heartbeat.calm', ms: expect.closeTo(25_000, -2) }],
          },
          { machine: 'socket', actor: id, state: 'connected.unlimited', timers: [] },
        ],
      },
    });
  });

  it('puts what sockets do because of a step behind it, and says why the connection closed', () => {
    const { client, film } = watched();
    client.hangUp();
    const said = film().frames.map((frame) =>
      frame.kind === 'event' ? `${frame.machine} ${frame.event} ${frame.to}` : frame.kind,
    );
    expect(said).toEqual([
      'started',
      'connection TRANSPORT_CLOSED closed',
      'socket CONNECTION_CLOSED disconnected',
      'ended',
    ]);
    expect(film().frames.at(-1)).toMatchObject({ kind: 'ended', why: 'closed', reason: 'transport close' });
    expect(firstDifference(film(), TABLES)).toBeNull();
  });

  it('shows an event that does nothing', () => {
    const { world, connection, film } = watched();
    world.gateway.signal(connection, 'CANDIDATE_CLOSED');
    expect(events(film())).toMatchObject([
      {
        event: 'CANDIDATE_CLOSED',
        from: 'open.websocket.calm.joined',
        to: 'open.websocket.calm.joined',
        effects: [],
      },
    ]);
  });

  it('shows every packet in and out with transport, type and size, and nothing of what is in it', () => {
    const { world, client, film, id } = watched();
    client.emit('said', 'a secret');
    world.emit({ sockets: [client.id] }, 'pushed', ['a secret']);
    world.tick();
    world.emit({ everyone: true }, 'published', ['a secret']);
    world.advance(25_100);
    expect(packets(film())).toEqual([
      `in websocket event ${'42["said","a secret"]'.length}`,
      `out websocket event ${'42["pushed","a secret"]'.length}`,
      `out websocket event ${'42["published","a secret"]'.length}`,
      'out websocket ping 1',
      'in websocket pong 1',
    ]);
    expect(JSON.stringify(film())).not.toContain('secret');
    expect(JSON.stringify(film())).not.toContain(client.sid);
    expect(client.id).toBe(id);
  });

  it('shows the packets of polling one by one, those of an upgrade by the transport they take', () => {
    const { world, client, film } = watched({ transport: 'polling' });
    client.emit('said', 1);
    world.emit({ sockets: [client.id] }, 'pushed', ['ä']);
    world.tick();
    client.upgrade();
    world.advance(1_000);
    expect(packets(film())).toEqual([
      'in polling event 12',
      'out polling event 17',
      'in websocket ping 6',
      'out websocket pong 6',
      'out polling noop 1',
      'in websocket upgrade 1',
    ]);
  });

  it.each<[string, ClientOptions, string[]]>([
    ['msgpack', { parser: 'msgpack' }, ['in websocket event', 'out websocket event']],
    [
      'msgpack over Engine.IO 3',
      { parser: 'msgpack', revision: 3 },
      ['in websocket event', 'out websocket event'],
    ],
    ['Engine.IO 3', { revision: 3 }, ['in websocket event', 'out websocket event']],
    ['bare Engine.IO', { speaks: 'engine.io' }, ['in websocket message', 'out websocket message']],
    ['a plain WebSocket', { speaks: 'websocket' }, ['in websocket message', 'out websocket message']],
  ])('knows the packets of %s', (_, options, expected) => {
    const { world, client, film, id } = watched(options);
    if (options.speaks === undefined) client.emit('said', 1);
    else client.message('said');
    world.emit({ sockets: [id] }, 'pushed', [1]);
    world.tick();
    expect(packets(film()).map((packet) => packet.replace(/ \d+$/, ''))).toEqual(expected);
  });

  it('shows an attachment, and what is no packet at all', () => {
    const { client, film } = watched();
    client.send('451-["b",{"_placeholder":true,"num":0}]');
    client.send(Buffer.of(1, 2, 3));
    client.send('9?');
    expect(packets(film()).slice(0, 3)).toEqual([
      'in websocket binary event 39',
      'in websocket attachment 3',
      'in websocket illegal 2',
    ]);
  });

  it('shows a POST that is no payload', () => {
    const { client, film } = watched({ transport: 'polling' });
    client.post('\x1e\x1e');
    expect(packets(film())[0]).toBe('in polling illegal payload 2');
  });

  it('shows what is in packets where the configuration allows it, but no token and no sid', () => {
    const { world, client, film } = watched({}, { bodies: true });
    client.emit('said', 'hello');
    client.emit('token', 'a.b.c');
    client.enter('/chat', { token: 'a.b.c' });
    world.emit({ sockets: [client.id] }, 'pushed', ['hello']);
    world.tick();
    expect(film().bodies).toBe(true);
    const bodies = film().frames.flatMap((frame) => (frame.kind === 'packet' ? [frame.body] : []));
    expect(bodies.slice(0, 3)).toEqual(['42["said","hello"]', undefined, undefined]);
    expect(bodies).toContain('42["pushed","hello"]');
    expect(JSON.stringify(film())).not.toContain('a.b.c');
  });

  it.each([
    ['fields in another order', pack({ data: { token: 'a.b.c' }, nsp: '/chat', type: 0 })],
    [
      'a longer number for its type',
      Buffer.from(`83a474797065cc00a36e7370a52f63686174a46461746181a5746f6b656ea5${hex('a.b.c')}`, 'hex'),
    ],
    ['the mark of binary values', pack({ type: 5, data: ['token', 'a.b.c'], nsp: '/' })],
  ])('shows no token of a msgpack packet with %s', (_, bytes) => {
    const { client, film } = watched({ parser: 'msgpack', revision: 3 }, { bodies: true });
    client.message(Buffer.from(bytes));
    client.emit('said', 'hello');
    const [first, ...others] = film().frames.filter((frame) => frame.kind === 'packet');
    expect(first).toMatchObject({ direction: 'in', size: bytes.length + 1 });
    expect(first).not.toHaveProperty('body');
    expect(others).toContainEqual(expect.objectContaining({ type: 'event', encoding: 'base64' }));
  });

  it('shows no token of a first packet, which shows the parser', () => {
    const world = new World();
    const inspector = inspectorOf(world, { bodies: true });
    inspector.films.watchAll();
    const client = new Client(world, { parser: 'msgpack' }).begin();
    client.message(Buffer.from(pack({ data: { token: 'a.b.c' }, nsp: '/', type: 0 })));
    const incoming = filmOf(inspector, inspector.films.ids()[0]!).frames.filter(
      (frame) => frame.kind === 'packet' && frame.direction === 'in',
    );
    expect(incoming).toMatchObject([{ type: 'message' }]);
    expect(incoming[0]).not.toHaveProperty('body');
  });

  it('keeps as many frames as it may, and starts from what the machines were before the first of them', () => {
    const { world, film } = watched({}, { history: 5 });
    world.advance(300_000);
    const { frames, start } = film();
    expect(frames).toHaveLength(5);
    expect(frames[0]!.n).toBe(start.dropped);
    expect(start.at).toBeGreaterThan(200_000);
    expect(start.machines[0]!.timers).toHaveLength(1);
    expect(firstDifference(film(), TABLES)).toBeNull();
  });

  it('keeps a megabyte of what is in packets, however many frames it may keep', () => {
    const { client, film } = watched({}, { bodies: true });
    for (let n = 0; n < 200; n++) client.emit('said', 'x'.repeat(10_000));
    client.emit('said', 'x'.repeat(20_000));
    const { frames, start } = film();
    expect(start.dropped).toBeGreaterThan(50);
    expect(JSON.stringify(frames).length).toBeLessThan(1_100_000);
    expect(frames.at(-1)).toMatchObject({ kind: 'packet', size: expect.any(Number) });
    expect(frames.at(-1)).not.toHaveProperty('body');
  });

  it('can be fetched when the connection has ended, and is forgotten when nobody wants it any more', () => {
    const { client, inspector, id } = watched();
    client.hangUp();
    expect(inspector.connection(id)).toBeNull();
    expect(inspector.film(id)!.frames.at(-1)!.kind).toBe('ended');
    expect(inspector.unwatch(id)).toBe(true);
    expect(inspector.film(id)).toBeNull();
    expect(inspector.unwatch(id)).toBe(false);
  });

  it('is told to followers frame by frame in its own order, with the length of every timer', () => {
    const { world, client, inspector, id, film } = watched();
    const heard: Frame[] = [];
    let ended = 0;
    inspector.followFilm(
      id,
      (frame) => heard.push(structuredClone(frame)),
      () => ended++,
    );
    world.advance(60_000);
    client.hangUp();
    expect(ended).toBe(1);
    expect(heard).toEqual(film().frames.slice(1));
    expect(heard.map(({ n }) => n)).toEqual(heard.map((_, i) => i + 1));
  });
});

describe('a gateway', () => {
  it('is observed while a connection is watched and no longer', () => {
    const { world, inspector, id } = watched();
    const { gateway } = world;
    expect(gateway.runner.observer).not.toBeNull();
    inspector.unwatch(id);
    expect(gateway.runner.observer).toBeNull();
    expect(gateway.sockets.machine.observer).toBeNull();
    const other = new Client(world).join();
    const stop = inspector.followFilm(
      other.id,
      () => {},
      () => {},
    )!;
    expect(gateway.runner.observer).not.toBeNull();
    stop();
    expect(gateway.runner.observer).toBeNull();
  });
});
