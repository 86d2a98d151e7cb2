import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'vitest';
import { engineUrl, type Handshake } from '../support/engine-url.ts';
import { judge } from '../support/judge.ts';
import { PollingPeer } from '../support/polling-peer.ts';
import { WebSocketPeer } from '../support/websocket-peer.ts';

judge('Engine.IO 4 heartbeat', ({ server, clause, strict }) => {
  const openPolling = () => PollingPeer.open(server().url, { path: '/engine.io/' });
  const openWebSocket = async () => {
    const url = engineUrl(server().url, { EIO: '4', transport: 'websocket' }, '/engine.io/');
    const peer = await WebSocketPeer.open(url, { heartbeat: 'none' });
    const handshake = JSON.parse((await peer.text()).slice(1)) as Handshake;
    return { peer, handshake };
  };

  clause('EIO4-HB-1', 'pings every pingInterval over polling and goes on while pongs arrive', async () => {
    const peer = await openPolling();
    for (let beat = 0; beat < 3; beat++) {
      const asked = Date.now();
      expect(await peer.poll()).toEqual(['2']);
      expect(Date.now() - asked).toBeLessThan(peer.handshake.pingInterval + peer.handshake.pingTimeout);
      expect((await peer.post('3')).status).toBe(200);
    }
  });

  clause('EIO4-HB-1', 'pings every pingInterval over websocket and goes on while pongs arrive', async () => {
    const { peer, handshake } = await openWebSocket();
    for (let beat = 0; beat < 3; beat++) {
      const asked = Date.now();
      expect(await peer.next(handshake.pingInterval * 2)).toBe('2');
      expect(Date.now() - asked).toBeGreaterThan(handshake.pingInterval * 0.5);
      peer.send('3');
    }
    peer.close();
  });

  clause('EIO4-HB-2', 'closes a polling session when no pong arrives within pingTimeout', async () => {
    const peer = await openPolling();
    const { pingInterval, pingTimeout } = peer.handshake;
    await sleep(pingInterval + pingTimeout + 150);
    expect((await peer.get()).status).toBe(400);
  });

  clause('EIO4-HB-2', 'closes a websocket when no pong arrives within pingTimeout', async () => {
    const { peer, handshake } = await openWebSocket();
    const opened = Date.now();
    await peer.untilClosed(handshake.pingInterval + handshake.pingTimeout + 1000);
    expect(Date.now() - opened).toBeGreaterThan((handshake.pingInterval + handshake.pingTimeout) * 0.8);
  });

  clause('EIO4-HB-3', 'closes upon a ping from the client, which is not its part', async () => {
    const { peer } = await openWebSocket();
    peer.send('2');
    await peer.untilClosed();
    const polling = await openPolling();
    await polling.post('2').catch(() => undefined);
    await polling.get();
    expect((await polling.get()).status).toBe(400);
  });

  strict('EIO4-HB-4', 'takes any packet as a sign of life', async () => {
    const { peer, handshake } = await openWebSocket();
    const until = Date.now() + 2 * (handshake.pingInterval + handshake.pingTimeout);
    while (Date.now() < until) {
      peer.send('4alive');
      await sleep(handshake.pingTimeout / 3);
      expect(peer.isClosed).toBe(false);
    }
    peer.close();
  });
});
