import { setTimeout as sleep } from 'node:timers/promises';
import { io, type Socket } from 'socket.io-client';
import { afterEach, describe, expect, it } from 'vitest';
import { engineUrl } from '../support/engine-url.ts';
import { type RunningNode, type Settings, startNode } from '../support/node.ts';
import { connectMain } from '../support/socketio-peer.ts';
import type { WebSocketPeer } from '../support/websocket-peer.ts';
import { type SlowBackend, startSlowBackend } from './slow-backend.ts';

const CALM: Settings = { 'engine.pingInterval': '25s', 'engine.pingTimeout': '20s' };
const HANDSHAKE = { EIO: '4', transport: 'polling' };

describe('a node told to stop by SIGTERM', () => {
  let node: RunningNode;
  const clients: Socket[] = [];
  const start = async (settings: Settings = {}) => {
    node = await startNode({ ...CALM, ...settings });
  };
  const connect = async (transport: 'polling' | 'websocket') => {
    const client = io(node.clientsUrl, { transports: [transport], forceNew: true, reconnectionDelay: 100 });
    clients.push(client);
    await new Promise<void>((resolve) => client.once('connect', () => resolve()));
    return client;
  };
  const ready = async () => (await fetch(`${node.adminUrl}/readyz`)).status;
  afterEach(async () => {
    for (const client of clients.splice(0)) client.disconnect();
    await node?.close();
  });

  it('is not ready and takes no new session, and serves those that are there till it is their turn', async () => {
    await start({ 'drain.rate': '2' });
    const peers = await Promise.all(Array.from({ length: 5 }, () => connectMain(node.clientsUrl)));
    expect(await ready()).toBe(200);
    node.process.signal('SIGTERM');
    while ((await ready()) !== 503) await sleep(5);
    expect((await fetch(engineUrl(node.clientsUrl, HANDSHAKE))).status).toBe(503);

    const open = peers.filter(({ isClosed }) => !isClosed);
    expect(open.length).toBeGreaterThanOrEqual(3);
    const last = open.at(-1)!;
    last.send('42["message","still here?"]');
    expect(await last.next()).toBe('42["message-back","still here?"]');
    expect(await ready()).toBe(503);
    await Promise.all(peers.map(({ closed }) => closed));
    expect(await node.process.exited).toBe(0);
  });

  it('closes transports at the pace of drain.rate, without a DISCONNECT packet', async () => {
    await start({ 'drain.rate': '4' });
    const peers = await Promise.all(Array.from({ length: 5 }, () => connectMain(node.clientsUrl)));
    const ends = Promise.all(peers.map(async (peer) => ({ ...(await endOf(peer)), at: performance.now() })));
    node.process.signal('SIGTERM');
    const endings = await ends;
    for (const { code, frames } of endings) expect({ code, frames }).toEqual({ code: 1001, frames: [] });
    const times = endings.map(({ at }) => at).toSorted((a, b) => a - b);
    expect(times.at(-1)! - times[0]!).toBeGreaterThan(800);
    expect(await node.process.exited).toBe(0);
  });

  it.each(['polling', 'websocket'] as const)(
    'makes stock clients on %s see `transport close` and try to come back',
    async (transport) => {
      await start();
      const client = await connect(transport);
      const packets: string[] = [];
      client.io.on('packet', ({ type }: { type: number }) => packets.push(`4${type}`));
      const ended = new Promise<string>((resolve) => client.once('disconnect', resolve));
      const triesAgain = new Promise<void>((resolve) => client.io.once('reconnect_attempt', () => resolve()));
      node.process.signal('SIGTERM');
      expect(await ended).toBe('transport close');
      await triesAgain;
      expect(packets).not.toContain('41');
      const { body } = await node.backend.call('OnDisconnect');
      expect(body).toMatchObject({ reason: 'server shutting down', socket: { transport } });
      expect(await node.process.exited).toBe(0);
    },
  );

  it('hurries when it is told a second time', async () => {
    await start({ 'drain.rate': '1' });
    const peers = await Promise.all(Array.from({ length: 12 }, () => connectMain(node.clientsUrl)));
    node.process.signal('SIGTERM');
    while ((await ready()) !== 503) await sleep(5);
    const began = performance.now();
    node.process.signal('SIGTERM');
    await Promise.all(peers.map(({ closed }) => closed));
    expect(await node.process.exited).toBe(0);
    expect(performance.now() - began).toBeLessThan(5_000);
    expect(node.backend.calls.filter(({ method }) => method === 'OnDisconnect')).toHaveLength(12);
  });

  it('ends at once when nobody is connected', async () => {
    await start();
    node.process.signal('SIGTERM');
    expect(await node.process.exited).toBe(0);
  });

  describe('with a slow backend', () => {
    let backend: SlowBackend;
    afterEach(() => backend?.close());

    it('hands over what is on its way before it ends', async () => {
      backend = await startSlowBackend(400);
      await start({ 'backend.url': backend.url });
      const client = await connect('websocket');
      client.emit('message', 1);
      client.emit('message', 2);
      await backend.arrived('OnConnect');
      node.process.signal('SIGTERM');
      expect(await node.process.exited).toBe(0);
      expect(backend.answered).toEqual(['OnConnect', 'OnMessage', 'OnMessage', 'OnDisconnect']);
    });

    it('says with its exit code that something may be lost when the backend is gone', async () => {
      backend = await startSlowBackend(0);
      await start({ 'backend.url': backend.url });
      await connect('websocket');
      await backend.arrived('OnConnect');
      await backend.close();
      node.process.signal('SIGTERM');
      expect(await node.process.exited).toBe(1);
    }, 30_000);
  });
});

/** Close code, and the frames that came before it. */
async function endOf(peer: WebSocketPeer): Promise<{ code: number; frames: unknown[] }> {
  const { code } = await peer.closed;
  return { code, frames: await peer.during(0) };
}
