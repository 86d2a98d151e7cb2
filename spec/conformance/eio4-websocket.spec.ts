import { get, type IncomingMessage } from 'node:http';
import { expect } from 'vitest';
import { engineUrl, type Handshake } from '../support/engine-url.ts';
import { judge } from '../support/judge.ts';
import { RawWebSocket } from '../support/raw-websocket.ts';
import { WebSocketPeer } from '../support/websocket-peer.ts';

judge('Engine.IO 4 over websocket', ({ server, clause, strict }) => {
  const url = () => engineUrl(server().url, { EIO: '4', transport: 'websocket' }, '/engine.io/');
  const open = async () => {
    const peer = await WebSocketPeer.open(url());
    const handshake = JSON.parse((await peer.text()).slice(1)) as Handshake;
    return { peer, handshake };
  };

  clause('EIO4-WS-1', 'carries each packet in one text frame', async () => {
    const { peer } = await open();
    peer.send('4hello', '4', '4€😀');
    expect([await peer.next(), await peer.next(), await peer.next()]).toEqual(['4hello', '4', '4€😀']);
    peer.close();
  });

  clause('EIO4-WS-2', 'carries a binary message as binary frame with nothing in front', async () => {
    const { peer } = await open();
    const bytes = Buffer.from([1, 2, 3, 4]);
    peer.send(bytes, '4between', Buffer.alloc(0));
    expect([await peer.next(), await peer.next(), await peer.next()]).toEqual([
      bytes,
      '4between',
      Buffer.alloc(0),
    ]);
    peer.close();
  });

  for (const frame of ['abc', '7', '', '{}', '🙂']) {
    clause('EIO4-WS-3', `closes upon the frame ${JSON.stringify(frame)}`, async () => {
      const { peer } = await open();
      peer.send(frame);
      await peer.untilClosed();
    });
  }

  clause('EIO4-WS-4', 'closes upon a frame above maxPayload', async () => {
    const { peer, handshake } = await open();
    peer.send(`4${'x'.repeat(handshake.maxPayload)}`);
    await peer.untilClosed();
  });

  clause('EIO4-WS-4', 'takes a frame of exactly maxPayload', async () => {
    const { peer, handshake } = await open();
    const packet = `4${'x'.repeat(handshake.maxPayload - 1)}`;
    peer.send(packet);
    expect((await peer.text()) === packet).toBe(true);
    peer.close();
  });

  clause('EIO4-WS-5', 'closes upon text that is not UTF-8', async () => {
    const raw = await RawWebSocket.open(url());
    await raw.frame();
    raw.send(RawWebSocket.text(Buffer.from([0x34, 0xc3, 0x28])));
    await raw.untilClosed();
  });

  clause('EIO4-WS-6', 'joins the fragments of a message', async () => {
    const raw = await RawWebSocket.open(url());
    await raw.frame();
    raw.send(
      RawWebSocket.encode({ opcode: 1, fin: false, payload: Buffer.from('4he') }),
      RawWebSocket.encode({ opcode: 0, fin: false, payload: Buffer.from('ll') }),
      RawWebSocket.encode({ opcode: 0, fin: true, payload: Buffer.from('o') }),
    );
    expect((await raw.frame()).payload.toString()).toBe('4hello');
    raw.destroy();
  });

  for (const version of ['8', '12', '']) {
    strict('EIO4-WS-8', `says 426 to a handshake of version ${JSON.stringify(version)}`, async () => {
      const answer = await new Promise<IncomingMessage>((resolve, reject) => {
        const headers = {
          connection: 'Upgrade',
          upgrade: 'websocket',
          'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
          ...(version === '' ? {} : { 'sec-websocket-version': version }),
        };
        get(url().replace('ws:', 'http:'), { headers }, resolve)
          .on('upgrade', () => reject(new Error('was upgraded')))
          .on('error', reject);
      });
      answer.resume();
      expect(answer.statusCode).toBe(426);
      expect(answer.headers['sec-websocket-version']).toBe('13');
    });
  }

  for (const connection of ['close', 'keep-alive']) {
    strict('EIO4-WS-9', `says 400 to a handshake with Connection: ${connection}`, async () => {
      const headers = { connection, upgrade: 'websocket', 'sec-websocket-version': '13' };
      const answer = await new Promise<IncomingMessage>((resolve, reject) => {
        get(url().replace('ws:', 'http:'), { headers }, resolve)
          .on('upgrade', () => reject(new Error('was upgraded')))
          .on('error', reject);
      });
      answer.resume();
      expect(answer.statusCode).toBe(400);
    });
  }

  strict(
    'EIO4-WS-7',
    'ends the TCP connection soon after its close frame, even when the client ignores that',
    async () => {
      const raw = await RawWebSocket.open(url(), { ignoreClose: true });
      await raw.frame();
      raw.send(RawWebSocket.text('abc'));
      await raw.untilClosed(3000);
    },
  );
});
