import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'vitest';
import { engineUrl } from '../support/engine-url.ts';
import { judge } from '../support/judge.ts';
import { RawWebSocket } from '../support/raw-websocket.ts';
import { WebSocketPeer } from '../support/websocket-peer.ts';

judge('Engine.IO without Socket.IO, and plain WebSocket', ({ server, clause, strict }) => {
  clause(
    'ENG-1',
    'hands each message on /engine.io/ over as it is, packet syntax of Socket.IO or not',
    async () => {
      const url = engineUrl(server().url, { EIO: '4', transport: 'websocket' }, '/engine.io/');
      const peer = await WebSocketPeer.open(url);
      await peer.text();
      for (const text of ['4hello', '42["message"]', '4{"a":1}', '4', '4"']) {
        peer.send(text);
        expect(await peer.text()).toBe(text);
      }
      peer.close();
    },
  );

  clause('ENG-2', 'asks for no CONNECT on /engine.io/', async () => {
    const url = engineUrl(server().url, { EIO: '4', transport: 'websocket' }, '/engine.io/');
    const peer = await WebSocketPeer.open(url);
    await peer.text();
    await sleep(Math.min(server().connectTimeout * 1.3, 2000));
    peer.send('4hello');
    expect(await peer.text()).toBe('4hello');
    peer.close();
  });

  clause('WS-1', 'hands each frame on /ws over: text as text, binary as binary', async () => {
    const peer = await WebSocketPeer.open(`${server().url}/ws`, { heartbeat: 'none' });
    for (const text of ['hello', '', '2', '{"a":[1]}', '€😀']) {
      peer.send(text);
      expect(await peer.text()).toBe(text);
    }
    peer.send(Buffer.from([1, 2, 3]));
    expect(await peer.next()).toEqual(Buffer.from([1, 2, 3]));
    peer.close();
  });

  clause('WS-2', 'answers a ping frame with a pong of the same payload', async () => {
    const raw = await RawWebSocket.open(`${server().url}/ws`);
    raw.send(RawWebSocket.encode({ opcode: 9, payload: Buffer.from('are you there') }));
    const pong = await raw.frame();
    expect([pong.opcode, pong.payload.toString()]).toEqual([10, 'are you there']);
    raw.destroy();
  });

  strict('WS-3', 'pings with ping frames and closes when nothing comes back', async () => {
    const raw = await RawWebSocket.open(`${server().url}/ws`);
    const ping = await raw.frame(2000);
    expect(ping.opcode).toBe(9);
    await raw.untilClosed(3000);
  });

  strict('WS-3', 'keeps a client that answers its ping frames', async () => {
    const peer = await WebSocketPeer.open(`${server().url}/ws`, { heartbeat: 'none' });
    await sleep(1500);
    peer.send('still here');
    expect(await peer.text()).toBe('still here');
    peer.close();
  });

  strict('WS-4', 'is not found where nothing is served', async () => {
    for (const path of ['/nothing', '/socket.io.evil/', '/engine.iox', '/wsx']) {
      expect((await fetch(`${server().url}${path}?EIO=4&transport=polling`)).status).toBe(404);
    }
  });
});
