import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { engineUrl, type Handshake } from '../support/engine-url.ts';
import { type RunningNode, startNode } from '../support/node.ts';
import { connectMain } from '../support/socketio-peer.ts';
import { WebSocketPeer } from '../support/websocket-peer.ts';
import { next } from './client-socket.ts';
import { LIBRARIES, TRANSPORTS } from './libraries.ts';

describe('adaptive heartbeat', () => {
  let node: RunningNode;
  beforeAll(async () => {
    node = await startNode({
      'engine.pingInterval': '300ms',
      'engine.pingTimeout': '400ms',
      'heartbeat.adaptive': 'true',
      'heartbeat.adaptive.every': '2',
      'heartbeat.adaptive.step': '300ms',
      'heartbeat.adaptive.max': '900ms',
      'heartbeat.adaptive.retry': '100ms',
    });
  });
  afterAll(() => node?.close());

  const open = async () => {
    const url = engineUrl(node.clientsUrl, { EIO: '4', transport: 'websocket' }, '/engine.io/');
    const peer = await WebSocketPeer.open(url, { heartbeat: 'none' });
    const handshake = JSON.parse((await peer.text()).slice(1)) as Handshake;
    return { peer, handshake };
  };
  const untilPing = async (peer: WebSocketPeer) => {
    const started = Date.now();
    expect(await peer.next(2000)).toBe('2');
    return Date.now() - started;
  };

  it('ADAPT-1: tells the client the longest interval', async () => {
    const { peer, handshake } = await open();
    expect(handshake.pingInterval).toBe(900);
    peer.close();
  });

  it('ADAPT-2: lengthens the interval by one step after every so many good beats, up to the longest', async () => {
    const { peer } = await open();
    const gaps: number[] = [];
    for (let beat = 0; beat < 7; beat++) {
      gaps.push(await untilPing(peer));
      peer.send('3');
    }
    const steps = gaps.map((gap) => Math.round(gap / 300));
    expect(steps).toEqual([1, 1, 2, 2, 3, 3, 3]);
    peer.close();
  });

  it('ADAPT-3: asks again after the short interval when a beat was missed, and closes when that is missed too', async () => {
    const { peer, handshake } = await open();
    await untilPing(peer);
    const closed = peer.untilClosed(3000);
    const again = await untilPing(peer).catch(() => null);
    if (again !== null) expect(again).toBeLessThan(handshake.pingInterval);
    await closed;
  });
});

describe.each(TRANSPORTS)('drain, $name', ({ transports, settles }) => {
  for (const library of LIBRARIES.filter(({ name }) => !name.includes('msgpack'))) {
    it(`CLOSE-3: SIGTERM closes the transport of ${library.name}, which then comes back by itself`, async () => {
      const node = await startNode();
      try {
        const socket = library.open(node.clientsUrl, { user: 'x', transports, reconnection: true });
        await next(socket, 'auth');
        while (socket.io.engine.transport.name !== settles) await sleep(5);
        const ended = next(socket, 'disconnect', 10_000);
        node.process.signal('SIGTERM');
        expect((await ended)[0]).toBe('transport close');
        const { body } = await node.backend.call('OnDisconnect');
        expect(body.reason).toBe('server shutting down');
        expect(await node.process.exited).toBe(0);
        socket.disconnect();
      } finally {
        await node.close();
      }
    });
  }
});

describe('drain', () => {
  it('CLOSE-4: answers 503 to /readyz and takes no new session while it drains', async () => {
    const node = await startNode({ 'drain.rate': '20', 'drain.timeout': '10s' });
    try {
      const peers = await Promise.all(Array.from({ length: 20 }, () => connectMain(node.clientsUrl)));
      expect((await fetch(`${node.adminUrl}/readyz`)).status).toBe(200);
      node.process.signal('SIGTERM');
      await sleep(200);
      expect((await fetch(`${node.adminUrl}/readyz`)).status).toBe(503);
      const url = engineUrl(node.clientsUrl, { EIO: '4', transport: 'polling' });
      const status = await fetch(url).then(
        (answer) => answer.status,
        () => 'refused',
      );
      expect(['refused', 503]).toContain(status);
      const frames = await Promise.all(peers.map((peer) => framesUntilClosed(peer)));
      expect(frames.flat().filter((frame) => String(frame).startsWith('41'))).toEqual([]);
      expect(await node.process.exited).toBe(0);
    } finally {
      await node.close();
    }
  });
});

async function framesUntilClosed(peer: WebSocketPeer): Promise<unknown[]> {
  const frames: unknown[] = [];
  try {
    for (;;) frames.push(await peer.next(10_000));
  } catch {
    expect(peer.isClosed).toBe(true);
  }
  return frames;
}
