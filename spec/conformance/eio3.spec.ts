import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'vitest';
import { engineUrl, type Handshake } from '../support/engine-url.ts';
import { judge } from '../support/judge.ts';
import { readBinaryPayload3, readPayload3, writeBinaryPayload3 } from '../support/payload.ts';
import { PollingPeer, type PollingPeerOptions } from '../support/polling-peer.ts';
import { WebSocketPeer } from '../support/websocket-peer.ts';

judge('Engine.IO 3', ({ server, clause, strict }) => {
  const open = (options: PollingPeerOptions = {}) =>
    PollingPeer.open(server().url, { path: '/engine.io/', revision: 3, ...options });
  const openWebSocket = async (EIO: string | undefined = '3') => {
    const url = engineUrl(server().url, { EIO, transport: 'websocket' }, '/engine.io/');
    const peer = await WebSocketPeer.open(url, { heartbeat: 'none' });
    const handshake = JSON.parse((await peer.text()).slice(1)) as Handshake;
    return { peer, handshake };
  };
  const bytes = Buffer.from([1, 2, 3, 4]);

  for (const EIO of ['3', undefined]) {
    clause('EIO3-HS-1', `answers a handshake with EIO ${EIO ?? 'absent'} by an OPEN packet`, async () => {
      const answer = await fetch(
        engineUrl(server().url, { EIO, transport: 'polling', b64: '1' }, '/engine.io/'),
      );
      expect(answer.status).toBe(200);
      const [packet] = readPayload3(await answer.text());
      const handshake = JSON.parse(String(packet).slice(1)) as Handshake;
      expect(handshake.upgrades).toEqual(['websocket']);
      const { peer } = await openWebSocket(EIO);
      peer.close();
    });
  }

  clause('EIO3-PAY-1', 'writes each packet behind its length in UTF-16 units', async () => {
    const peer = await open({ base64: true });
    expect((await peer.postRaw('6:4hello5:4€😀x1:4')).status).toBe(200);
    expect(await peer.take(3)).toEqual(['4hello', '4€😀x', '4']);
    const poll = peer.get();
    await peer.post('4€😀x');
    expect(await (await poll).text()).toBe('5:4€😀x');
  });

  clause('EIO3-PAY-2', 'carries binary as b4 and base64 to a client that asked with b64=1', async () => {
    const peer = await open({ base64: true });
    const poll = peer.get();
    await peer.postRaw('10:b4AQIDBA==');
    expect(await (await poll).text()).toBe('10:b4AQIDBA==');
  });

  clause('EIO3-PAY-3', 'carries binary as a binary payload otherwise', async () => {
    const peer = await open();
    const poll = peer.get();
    await peer.postRaw(writeBinaryPayload3([bytes]), 'application/octet-stream');
    const answer = await poll;
    expect(answer.headers.get('content-type')).toMatch(/^application\/octet-stream/);
    const body = Buffer.from(await answer.arrayBuffer());
    expect([...body]).toEqual([1, 5, 255, 4, 1, 2, 3, 4]);
    expect(readBinaryPayload3(body)).toEqual([bytes]);
  });

  clause('EIO3-PAY-4', 'reads text and binary packets from one binary payload in their order', async () => {
    const peer = await open();
    await peer.postRaw(
      writeBinaryPayload3(['4one', bytes, '4three€', Buffer.alloc(300, 7)]),
      'application/octet-stream',
    );
    expect(await peer.take(4)).toEqual(['4one', bytes, '4three€', Buffer.alloc(300, 7)]);
  });

  clause('EIO3-PAY-5', 'answers a POST with ok', async () => {
    const answer = await (await open()).post('4x');
    expect(answer.status).toBe(200);
    expect(await answer.text()).toBe('ok');
  });

  for (const body of ['abc', '3:4a', ':4a', 'x:4a', '2:9x', '-1:4', '1e1:4aaaaaaaaa', '0:']) {
    clause('EIO3-PAY-6', `closes the session upon the payload ${JSON.stringify(body)}`, async () => {
      const peer = await open();
      await peer.postRaw(body).catch(() => undefined);
      expect(await untilGone(peer)).toBe(400);
    });
  }

  clause('EIO3-WS-1', 'carries text as text frames', async () => {
    const { peer } = await openWebSocket();
    peer.send('4hello', '4€😀');
    expect([await peer.next(), await peer.next()]).toEqual(['4hello', '4€😀']);
    peer.close();
  });

  clause('EIO3-WS-2', 'puts the packet type, 0x04, in front of the bytes of a binary frame', async () => {
    const { peer } = await openWebSocket();
    peer.send(Buffer.concat([Buffer.of(4), bytes]));
    expect(await peer.next()).toEqual(Buffer.concat([Buffer.of(4), bytes]));
    peer.close();
  });

  clause('EIO3-WS-3', 'closes upon a frame that is no packet', async () => {
    for (const frame of ['abc', '']) {
      const { peer } = await openWebSocket();
      peer.send(frame);
      await peer.untilClosed();
    }
  });

  clause('EIO3-HB-1', "answers each of the client's pings and never pings itself", async () => {
    const { peer, handshake } = await openWebSocket();
    const seen: unknown[] = [];
    for (let beat = 0; beat < 4; beat++) {
      peer.send('2');
      seen.push(...(await peer.during(handshake.pingInterval / 2)));
    }
    expect(seen).toEqual(['3', '3', '3', '3']);
    peer.close();
    const polling = await open();
    const poll = polling.poll();
    await polling.post('2');
    expect(await poll).toEqual(['3']);
  });

  clause('EIO3-HB-2', 'answers the probe of an upgrade with its pong', async () => {
    const peer = await open();
    const websocket = await WebSocketPeer.open(peer.upgradeUrl, { heartbeat: 'none' });
    websocket.send('2probe');
    expect(await websocket.next()).toBe('3probe');
    websocket.close();
  });

  clause('EIO3-HB-3', 'closes when nothing arrives within pingInterval + pingTimeout', async () => {
    const { peer, handshake } = await openWebSocket();
    const opened = Date.now();
    await peer.untilClosed(2 * (handshake.pingInterval + handshake.pingTimeout) + 500);
    expect(Date.now() - opened).toBeGreaterThan(0.8 * (handshake.pingInterval + handshake.pingTimeout));
    const polling = await open();
    await sleep(handshake.pingInterval + handshake.pingTimeout + 150);
    expect((await polling.get()).status).toBe(400);
  });

  clause('EIO3-HB-4', "closes upon a pong from the client, which is the server's part", async () => {
    const { peer } = await openWebSocket();
    peer.send('3');
    await peer.untilClosed();
  });

  clause('EIO3-UP-1', 'upgrades as Engine.IO 4 does', async () => {
    const polling = await open();
    const poll = polling.poll();
    const websocket = await WebSocketPeer.open(polling.upgradeUrl, { heartbeat: 'none' });
    websocket.send('2probe');
    expect(await websocket.next()).toBe('3probe');
    expect(await poll).toEqual(['6']);
    websocket.send('5', '4hello');
    expect(await websocket.next()).toBe('4hello');
    expect((await polling.get()).status).toBe(400);
    websocket.close();
  });

  strict('EIO3-JSONP-1', 'refuses JSONP while it is switched off', async () => {
    const answer = await fetch(
      engineUrl(server().url, { EIO: '3', transport: 'polling', j: '0' }, '/engine.io/'),
    );
    expect(answer.status).toBe(400);
    expect(await answer.text()).not.toContain('___eio');
  });
});

async function untilGone(peer: PollingPeer): Promise<number> {
  for (let i = 0; i < 5; i++) {
    const answer = await peer.get();
    if (answer.status !== 200) return answer.status;
  }
  return 200;
}
