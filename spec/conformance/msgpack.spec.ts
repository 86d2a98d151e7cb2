import { Decoder, Encoder } from 'socket.io-msgpack-parser';
import { expect } from 'vitest';
import { judge } from '../support/judge.ts';
import { PollingPeer } from '../support/polling-peer.ts';
import { connectMain, openEngine } from '../support/socketio-peer.ts';
import type { WebSocketPeer } from '../support/websocket-peer.ts';

interface SocketPacket {
  readonly type: number;
  readonly nsp: string;
  readonly data?: unknown;
  readonly id?: number;
}

judge(
  'Socket.IO 5 with the msgpack parser',
  ({ server, clause, strict }) => {
    const connected = async () => {
      const peer = await openEngine(server().url);
      send(peer, { type: 0, nsp: '/', data: { token: 'x' } });
      expect(await receive(peer)).toMatchObject({ type: 0, nsp: '/', data: { sid: expect.any(String) } });
      expect(await receive(peer)).toEqual({ type: 2, nsp: '/', data: ['auth', { token: 'x' }] });
      return peer;
    };

    clause('MSGP-1', 'takes each whole packet as one binary message and answers in kind', async () => {
      const peer = await connected();
      send(peer, { type: 2, nsp: '/', data: ['message', 1, 'two', { 3: [true, null, -1.5] }] });
      expect(await receive(peer)).toEqual({
        type: 2,
        nsp: '/',
        data: ['message-back', 1, 'two', { 3: [true, null, -1.5] }],
      });
      peer.close();
    });

    clause('MSGP-2', 'connects without a payload', async () => {
      const peer = await openEngine(server().url);
      send(peer, { type: 0, nsp: '/' });
      expect(await receive(peer)).toMatchObject({ type: 0, nsp: '/' });
      peer.close();
    });

    clause('MSGP-3', 'carries bytes inside the packet', async () => {
      const peer = await connected();
      const bytes = Buffer.from([1, 2, 3]);
      send(peer, { type: 2, nsp: '/', data: ['message', { deep: [bytes] }] });
      const back = await receive(peer);
      const [event, value] = back.data as [string, { deep: Uint8Array[] }];
      expect(event).toBe('message-back');
      expect(Buffer.from(value.deep[0]!)).toEqual(bytes);
      peer.close();
    });

    clause('MSGP-4', 'answers acks, with bytes too', async () => {
      const peer = await connected();
      send(peer, { type: 2, nsp: '/', id: 17, data: ['message-with-ack', 'x', Buffer.from([9])] });
      const back = await receive(peer);
      expect(back).toMatchObject({ type: 3, nsp: '/', id: 17 });
      const [text, bytes] = back.data as [string, Uint8Array];
      expect(text).toBe('x');
      expect(Buffer.from(bytes)).toEqual(Buffer.from([9]));
      peer.close();
    });

    clause('MSGP-5', 'joins other namespaces and refuses unknown ones', async () => {
      const peer = await connected();
      send(peer, { type: 0, nsp: '/custom' });
      expect(await receive(peer)).toMatchObject({ type: 0, nsp: '/custom' });
      expect(await receive(peer)).toMatchObject({ type: 2, nsp: '/custom' });
      send(peer, { type: 0, nsp: '/random' });
      expect(await receive(peer)).toMatchObject({
        type: 4,
        nsp: '/random',
        data: { message: 'Invalid namespace' },
      });
      peer.close();
    });

    clause('MSGP-6', 'works over polling', async () => {
      const peer = await PollingPeer.open(server().url);
      await peer.post(encode({ type: 0, nsp: '/' }));
      expect(decode(await peer.next())).toMatchObject({ type: 0 });
      expect(decode(await peer.next())).toMatchObject({ type: 2 });
      await peer.post(encode({ type: 2, nsp: '/', data: ['message', 'x'] }));
      expect(decode(await peer.next())).toMatchObject({ type: 2, data: ['message-back', 'x'] });
    });

    for (const [name, bytes] of [
      ['no msgpack', Buffer.from([0xc1, 1, 2])],
      ['a map cut short', Buffer.from([0x83, 0xa4, 0x74])],
      ['an unknown type', encode({ type: 9, nsp: '/', data: ['x'] })],
      ['a type that is no number', encode({ type: '2' as unknown as number, nsp: '/', data: ['x'] })],
      ['a namespace that is no string', encode({ type: 2, nsp: 1 as unknown as string, data: ['x'] })],
      ['an event without array', encode({ type: 2, nsp: '/', data: { a: 1 } })],
      ['an ack id that is no integer', encode({ type: 2, nsp: '/', id: 1.5, data: ['message'] })],
      ['nothing', Buffer.alloc(0)],
    ] as const) {
      clause('MSGP-7', `closes upon ${name}`, async () => {
        const peer = await connected();
        peer.send(bytes);
        await peer.untilClosed();
      });
    }

    strict('MSGP-8', 'finds the parser out per connection', async () => {
      const packed = await connected();
      const plain = await connectMain(server().url);
      send(packed, { type: 2, nsp: '/', data: ['message', 'packed'] });
      plain.send('42["message","plain"]');
      expect(await receive(packed)).toMatchObject({ data: ['message-back', 'packed'] });
      expect(await plain.text()).toBe('42["message-back","plain"]');
      packed.close();
      plain.close();
    });

    strict('MSGP-9', 'closes when the parser changes within a connection', async () => {
      const packed = await connected();
      packed.send('42["message","plain"]');
      await packed.untilClosed();
      const plain = await connectMain(server().url);
      plain.send(encode({ type: 2, nsp: '/', data: ['message', 'packed'] }));
      await plain.untilClosed();
    });
  },
  { parser: 'msgpack' },
);

function encode(packet: SocketPacket): Buffer {
  const [bytes] = new Encoder().encode(packet) as unknown as [Uint8Array];
  return Buffer.from(bytes);
}

function decode(bytes: unknown): SocketPacket {
  expect(bytes).toBeInstanceOf(Buffer);
  let packet: SocketPacket | undefined;
  const decoder = new Decoder();
  decoder.on('decoded', (decoded: SocketPacket) => {
    packet = decoded;
  });
  decoder.add(bytes);
  return packet!;
}

const send = (peer: WebSocketPeer, packet: SocketPacket) => peer.send(encode(packet));
const receive = async (peer: WebSocketPeer) => decode(await peer.next());
