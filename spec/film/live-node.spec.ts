import { spawnSync } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { io, type Socket } from 'socket.io-client';
import io2 from 'socket.io-client-2';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Film, type Frame, type PacketFrame, readFilm } from '../../src/runtime/film/film.ts';
import { firstDifference } from '../../src/runtime/film/replay.ts';
import type { StatelyEvent } from '../../src/runtime/film/stately-event.ts';
import { type RunningNode, startNode } from '../support/node.ts';
import { TABLES } from './recorded-world.ts';

const SECRET_WORD = 'swordfish';
const PROGRAM = process.env.HOLDFAST_PROGRAM ?? join(import.meta.dirname, '../../dist/main.js');

let node: RunningNode;
const open: Socket[] = [];
beforeAll(async () => {
  node = await startNode({
    'engine.pingInterval': '300ms',
    'engine.pingTimeout': '30s',
    'socketio.connectTimeout': '30s',
  });
});
afterAll(async () => {
  for (const socket of open) socket.disconnect();
  await node?.close();
});

async function connect(transports: readonly string[], client = io): Promise<Socket> {
  const socket = client(node.clientsUrl, {
    transports: [...transports],
    auth: { token: SECRET_WORD },
    reconnection: false,
    forceNew: true,
  });
  open.push(socket);
  await new Promise<void>((resolve, reject) => {
    socket.on('connect', () => resolve());
    socket.on('connect_error', reject);
  });
  return socket;
}

async function inspect(id: string, what: string, init: RequestInit = {}): Promise<Response> {
  return fetch(`${node.adminUrl}/inspect/connections/${id}${what}`, init);
}

/** The one connection of this protocol. */
async function idOf(protocol: string): Promise<string> {
  const listed = (await (await fetch(`${node.adminUrl}/inspect/connections`)).json()) as {
    connections: { id: string; protocol: string }[];
  };
  return listed.connections.find((one) => one.protocol === protocol)!.id;
}

async function watch(id: string): Promise<void> {
  expect((await inspect(id, '/watch', { method: 'PUT' })).status).toBe(200);
}

async function filmOf(id: string): Promise<Film> {
  const answer = await inspect(id, '/film');
  expect(answer.status).toBe(200);
  expect(answer.headers.get('content-disposition')).toBe(`attachment; filename="holdfast-${id}.film.json"`);
  return readFilm(await answer.text());
}

/** Asks again until the film is as wanted. */
async function filmWhen(id: string, isReady: (film: Film) => boolean): Promise<Film> {
  for (const end = Date.now() + 30_000; Date.now() < end; ) {
    const film = await filmOf(id);
    if (isReady(film)) return film;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`the film does not get there: ${JSON.stringify(await filmOf(id))}`);
}

function packets(film: Film): string[] {
  return film.frames
    .filter((frame): frame is PacketFrame => frame.kind === 'packet')
    .map(({ direction, transport, type }) => `${direction} ${transport} ${type}`);
}

function hasEvent(film: Film, event: string): boolean {
  return film.frames.some((frame) => frame.kind === 'event' && frame.event === event);
}

/** Server-sent events of an answer until it ends. */
async function eventsIn(answer: Response): Promise<{ name: string; data: unknown }[]> {
  const blocks = (await answer.text()).split('\n\n').filter((block) => block.includes('data: '));
  return blocks.map((block) => ({
    name: /^event: (.+)$/m.exec(block)?.[1] ?? '',
    data: JSON.parse(/^data: (.+)$/m.exec(block)![1]!),
  }));
}

describe('the film of a real client', { timeout: 300_000 }, () => {
  it('shows the talk of a Socket.IO client and its farewell, and plays without a difference', async () => {
    const socket = await connect(['websocket']);
    const id = socket.id!;
    await watch(id);
    await socket.timeout(30_000).emitWithAck('message-with-ack', SECRET_WORD);
    await filmWhen(id, (film) => packets(film).includes('in websocket pong'));
    socket.disconnect();
    const film = await filmWhen(id, ({ frames }) => frames.at(-1)?.kind === 'ended');
    expect(packets(film)).toEqual(
      expect.arrayContaining([
        'in websocket event',
        'out websocket ack',
        'out websocket ping',
        'in websocket pong',
        'in websocket disconnect',
      ]),
    );
    expect(film.subject).toMatchObject({
      id,
      protocol: 'socket.io/5',
      transport: 'websocket',
      address: '127.0.0.1',
    });
    expect(film.frames.at(-1)).toMatchObject({ kind: 'ended', why: 'closed', reason: 'transport close' });
    expect(firstDifference(film, TABLES)).toBeNull();
    expect(JSON.stringify(film)).not.toContain(SECRET_WORD);
    expect(film.holdfast).toBe(JSON.parse(await (await fetch(`${node.adminUrl}/version`)).text()).version);
  });

  it('shows an upgrade', async () => {
    const socket = io(node.clientsUrl, {
      transports: ['polling', 'websocket'],
      upgrade: true,
      reconnection: false,
    });
    open.push(socket);
    // Watched between joining and upgrading: the client waits for nothing, so the watch is asked for as soon as it is known.
    await new Promise<void>((resolve) => socket.on('connect', resolve));
    await watch(socket.id!);
    const film = await filmWhen(socket.id!, ({ frames, start }) => {
      const isThere = start.machines[0]?.state.startsWith('open.websocket') === true;
      return (
        isThere || frames.some((frame) => frame.kind === 'event' && frame.to.startsWith('open.websocket'))
      );
    });
    expect(firstDifference(film, TABLES)).toBeNull();
    socket.disconnect();
  });

  it('shows a client of Engine.IO 3 that pings', async () => {
    const socket = await connect(['websocket'], io2 as unknown as typeof io);
    // Its own id is the session's, which nobody is shown.
    const id = await idOf('socket.io/4');
    await watch(id);
    const film = await filmWhen(id, (one) => hasEvent(one, 'PING_RECEIVED'));
    expect(packets(film)).toEqual(expect.arrayContaining(['in websocket ping', 'out websocket pong']));
    expect(firstDifference(film, TABLES)).toBeNull();
    socket.disconnect();
  });

  it('is streamed frame by frame beside the events that were there before', async () => {
    const socket = await connect(['websocket']);
    const stream = await inspect(socket.id!, '/events');
    socket.emit('message', SECRET_WORD);
    await filmWhen(socket.id!, (film) => hasEvent(film, 'pingInterval@open.heartbeat.calm'));
    socket.disconnect();
    const events = await eventsIn(stream);
    const steps = events.filter(({ name }) => name === '').map(({ data }) => data as Record<string, unknown>);
    expect(steps.find(({ event }) => event === 'pingInterval@open.heartbeat.calm')).toMatchObject({
      time: expect.any(Number),
      machine: 'connection',
      from: 'open.websocket.calm.joined',
      to: 'open.websocket.unanswered.waiting.joined',
      effects: ['sendPing'],
      frame: {
        kind: 'event',
        guards: [{ name: 'adaptive', answer: false }],
        effects: [{ name: 'sendPing' }],
      },
    });
    const frames = events.filter(({ name }) => name === 'frame').map(({ data }) => data as Frame);
    expect(frames).toContainEqual(
      expect.objectContaining({ kind: 'packet', direction: 'in', type: 'event' }),
    );
    expect(frames.at(-1)).toMatchObject({ kind: 'ended', why: 'closed' });
    expect(events.at(-1)!.name).toBe('closed');
    expect(JSON.stringify(events)).not.toContain(SECRET_WORD);
  });

  it('is mirrored for the Stately inspector, in its words and nobody else’s', async () => {
    const socket = await connect(['websocket']);
    const id = socket.id!;
    const stream = await inspect(id, '/stately');
    expect(stream.headers.get('content-type')).toBe('text/event-stream');
    socket.emit('message', SECRET_WORD);
    await filmWhen(id, (film) => hasEvent(film, 'PONG_RECEIVED'));
    socket.disconnect();
    const events = await eventsIn(stream);
    expect(events.at(-1)!.name).toBe('closed');
    const said = events.slice(0, -1).map(({ data }) => data as StatelyEvent);
    expect(said[0]).toMatchObject({
      type: '@xstate.actor',
      name: `connection ${id}`,
      sessionId: `connection:${id}`,
      rootId: `connection:${id}`,
      snapshot: { status: 'active', value: { open: { transport: 'websocket' } } },
    });
    expect(said.map(({ sessionId }) => sessionId)).toContain(`socket:${id}`);
    expect(said.at(-1)).toMatchObject({ type: '@xstate.snapshot', snapshot: { status: 'done' } });
    expect(JSON.stringify(said)).not.toContain(SECRET_WORD);
    expect((await inspect('1', '/stately')).status).toBe(404);
  });

  it('is played by the program that was built, which says so with its exit code', async () => {
    const socket = await connect(['websocket']);
    const id = socket.id!;
    await watch(id);
    socket.disconnect();
    const film = await filmWhen(id, ({ frames }) => frames.at(-1)?.kind === 'ended');
    const file = join(mkdtempSync(join(tmpdir(), 'holdfast-films-')), 'film.json');
    const run = (content: unknown, ...flags: string[]) => {
      writeFileSync(file, JSON.stringify(content));
      const options = { encoding: 'utf8', input: '\n\nq\n', timeout: 120_000 } as const;
      return spawnSync(process.execPath, [PROGRAM, 'replay', file, ...flags], options);
    };
    expect(run(film)).toMatchObject({
      status: 0,
      stderr: '',
      stdout: expect.stringContaining('does the same.'),
    });
    expect(run(film, '--step')).toMatchObject({
      status: 0,
      stdout: expect.stringContaining('frames are left.'),
    });
    const frames = film.frames.map((frame) => (frame.kind === 'event' ? { ...frame, effects: [] } : frame));
    expect(run({ ...film, frames })).toMatchObject({
      status: 1,
      stdout: expect.stringContaining('acts otherwise'),
    });
    expect(run({ frames })).toMatchObject({
      status: 2,
      stdout: '',
      stderr: expect.stringContaining('not a film'),
    });
  });
});
