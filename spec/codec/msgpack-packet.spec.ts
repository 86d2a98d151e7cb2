import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DEFAULT_CODEC_LIMITS } from '../../src/runtime/codec/codec-limits.ts';
import type { EngineRevision } from '../../src/runtime/codec/engine-packet.ts';
import { MsgpackPacketDecoder } from '../../src/runtime/codec/msgpack-packet-decoder.ts';
import {
  ackMessage,
  connectErrorMessage,
  connectMessage,
  disconnectMessage,
  eventMessage,
} from '../../src/runtime/codec/msgpack-packet-encoder.ts';
import { PARSE_ERROR_MESSAGES, ParseError } from '../../src/runtime/codec/parse-error.ts';
import { SocketPacket, SocketPacketType } from '../../src/runtime/codec/socket-packet.ts';
import { msgpackParser, notepackEncode } from './official-parsers.ts';
import { binaryPackets, bodyOf, valuesOf } from './packets.ts';

const decoder = new MsgpackPacketDecoder(DEFAULT_CODEC_LIMITS);

function refusal(bytes: Uint8Array, revision: EngineRevision = 4, packet = new SocketPacket()): ParseError {
  return decoder.decode(bytes, 0, bytes.length, revision, packet);
}

function decoded(bytes: Uint8Array, revision: EngineRevision = 4): SocketPacket {
  const packet = new SocketPacket();
  expect(PARSE_ERROR_MESSAGES[refusal(bytes, revision, packet)]).toBe('no error');
  return packet;
}

const event = (...data: unknown[]): Buffer => notepackEncode({ type: 2, data, nsp: '/' });

/** A packet with one field more, whose value is the given bytes. */
function withField(packet: object, name: string, bytes: readonly number[]): Uint8Array {
  const encoded = notepackEncode(packet);
  encoded[0]!++;
  return Buffer.concat([encoded, notepackEncode(name), Uint8Array.from(bytes)]);
}

const rawData = (...bytes: number[]): Uint8Array => withField({ type: 2, nsp: '/' }, 'data', bytes);

describe('msgpack packets against the official parser', () => {
  it('decodes the events and acks it encodes', () => {
    fc.assert(
      fc.property(binaryPackets, ({ namespace, ackId, event: name, args }) => {
        const id = ackId < 0 ? undefined : ackId;
        // Official clients send the fields `options` and an undefined `id` along.
        const packet = { type: 2, data: [name, ...args], options: { compress: true }, id, nsp: namespace };
        const got = decoded(msgpackParser.encode(packet as never)[0] as Uint8Array);
        expect(got).toMatchObject({ type: SocketPacketType.EVENT, namespace, ackId, event: name });
        expect(valuesOf(got)).toEqual(args);
        const ack = decoded(
          msgpackParser.encode({ type: 3, data: args, id: 3, nsp: namespace })[0] as Uint8Array,
        );
        expect(ack).toMatchObject({ type: SocketPacketType.ACK, namespace, ackId: 3 });
        expect(valuesOf(ack)).toEqual(args);
      }),
      { numRuns: 500 },
    );
  });

  it('encodes events and acks it decodes', () => {
    fc.assert(
      fc.property(binaryPackets, ({ namespace, ackId, event: name, args }) => {
        const body = bodyOf(args);
        const [got] = msgpackParser.decode([eventMessage(namespace, name, body, ackId)]);
        expect(got).toEqual({
          type: 2,
          nsp: namespace,
          data: [name, ...args],
          ...(ackId < 0 ? {} : { id: ackId }),
        });
        const [ack] = msgpackParser.decode([ackMessage(namespace, 3, body)]);
        expect(ack).toEqual({ type: 3, nsp: namespace, data: args, id: 3 });
      }),
      { numRuns: 500 },
    );
  });

  it('agrees on CONNECT, CONNECT_ERROR and DISCONNECT', () => {
    expect(msgpackParser.decode([connectMessage('/', '{"sid":"x"}')])).toEqual([
      { type: 0, nsp: '/', data: { sid: 'x' } },
    ]);
    expect(msgpackParser.decode([connectMessage('/a', null)])).toEqual([{ type: 0, nsp: '/a' }]);
    expect(msgpackParser.decode([connectErrorMessage('/a', '{"message":"no"}')])).toEqual([
      { type: 4, nsp: '/a', data: { message: 'no' } },
    ]);
    expect(msgpackParser.decode([disconnectMessage('/a')])).toEqual([{ type: 1, nsp: '/a' }]);
    const connect = { type: 0, data: undefined, nsp: '/a' };
    expect(decoded(msgpackParser.encode(connect)[0] as Uint8Array)).toMatchObject({
      type: SocketPacketType.CONNECT,
      namespace: '/a',
      payload: null,
    });
    expect(decoded(msgpackParser.encode({ ...connect, data: { token: 'é' } })[0] as Uint8Array).payload).toBe(
      '{"token":"é"}',
    );
    expect(decoded(msgpackParser.encode({ type: 1, nsp: '/a' })[0] as Uint8Array).type).toBe(
      SocketPacketType.DISCONNECT,
    );
  });

  it('takes a DISCONNECT with nil for data, which the official one refuses and python-socketio sends', () => {
    const bytes = notepackEncode({ type: 1, data: null, nsp: '/a' });
    expect(decoded(bytes)).toMatchObject({ type: SocketPacketType.DISCONNECT, namespace: '/a' });
    expect(() => msgpackParser.decode([bytes])).toThrow();
  });

  it('accepts nothing that it refuses, on packets changed in one byte', () => {
    const changed = fc
      .tuple(binaryPackets, fc.nat(), fc.integer({ min: 0, max: 255 }))
      .map(([{ namespace, event: name, args }, at, byte]) => {
        const bytes = Uint8Array.from(eventMessage(namespace, name, bodyOf(args), -1));
        bytes[at % bytes.length] = byte;
        return bytes;
      });
    fc.assert(
      fc.property(changed, (bytes) => {
        // Only what we accept is shown to it: a declared length of four thousand million keeps it busy for minutes.
        if (refusal(bytes) !== ParseError.NONE) return;
        expect(() => msgpackParser.decode([bytes])).not.toThrow();
      }),
      { numRuns: 3000 },
    );
  });
});

describe('msgpack packet', () => {
  it('is one map of type, data, nsp and id', () => {
    const bytes = Uint8Array.of(
      ...[0x83, 0xa4, 0x74, 0x79, 0x70, 0x65, 0x02], // 3 fields; type: 2
      ...[0xa4, 0x64, 0x61, 0x74, 0x61, 0x92], // data: 2 elements
      ...[0xa5, 0x68, 0x65, 0x6c, 0x6c, 0x6f], // "hello"
      ...[0xc4, 0x01, 0xff], // bytes ff
      ...[0xa3, 0x6e, 0x73, 0x70, 0xa1, 0x2f], // nsp: "/"
    );
    expect(decoded(bytes)).toMatchObject({
      type: SocketPacketType.EVENT,
      namespace: '/',
      ackId: -1,
      event: 'hello',
      args: '[{"_placeholder":true,"num":0}]',
      attachments: [Uint8Array.of(0xff)],
    });
  });

  it('turns undefined into null in arrays and leaves it out of objects', () => {
    expect(decoded(event('a', undefined, { b: undefined, c: 1 })).args).toBe('[null,{"c":1}]');
  });

  it('turns NaN and infinities into null', () => {
    expect(decoded(event('a', Number.NaN, Number.POSITIVE_INFINITY)).args).toBe('[null,null]');
  });

  it('turns a Date into its ISO string', () => {
    expect(decoded(event('a', new Date(Date.UTC(2026, 0, 1)))).args).toBe('["2026-01-01T00:00:00.000Z"]');
    expect(decoded(event('a', new Date(-1))).args).toBe('["1969-12-31T23:59:59.999Z"]');
  });

  it('turns a Date out of range into null', () => {
    expect(decoded(rawData(0x92, 0xa1, 0x61, 0xd7, 0, 0x7f, ...Array(7).fill(0xff))).args).toBe('[null]');
  });

  it('takes an ArrayBuffer as bytes', () => {
    const packet = decoded(event('a', Uint8Array.of(1, 2).buffer));
    expect(packet.attachments).toEqual([Uint8Array.of(1, 2)]);
  });

  it('turns integer map keys into strings', () => {
    expect(decoded(rawData(0x92, 0xa1, 0x61, 0x82, 0x07, 0xc3, 0xff, 0xc2)).args).toBe(
      '[{"7":true,"-1":false}]',
    );
  });

  it('keeps a key __proto__ a key', () => {
    const data = [0x92, 0xa1, 0x61, 0x81, 0xa9, ...Buffer.from('__proto__'), 0x81, 0xa1, 0x78, 0x01];
    const packet = decoded(rawData(...data));
    expect(packet.args).toBe('[{"__proto__":{"x":1}}]');
    eventMessage('/', 'a', { args: packet.args, attachments: [] }, -1);
    expect(({} as { x?: number }).x).toBeUndefined();
  });

  it('takes the binary types of Socket.IO 2 as event and ack in revision 3 only', () => {
    const binaryEvent = notepackEncode({ type: 5, data: ['a', Buffer.of(1)], nsp: '/' });
    const binaryAck = notepackEncode({ type: 6, data: [], id: 1, nsp: '/' });
    expect(decoded(binaryEvent, 3).type).toBe(SocketPacketType.EVENT);
    expect(decoded(binaryAck, 3).type).toBe(SocketPacketType.ACK);
    expect(refusal(binaryEvent, 4)).toBe(ParseError.UNKNOWN_SOCKET_PACKET_TYPE);
    expect(refusal(binaryAck, 4)).toBe(ParseError.UNKNOWN_SOCKET_PACKET_TYPE);
  });

  it('splits the query off the namespace in revision 3 only', () => {
    const bytes = notepackEncode({ type: 0, nsp: '/chat?token=a' });
    expect(decoded(bytes, 3)).toMatchObject({ namespace: '/chat', query: 'token=a' });
    expect(decoded(bytes, 4)).toMatchObject({ namespace: '/chat?token=a', query: '' });
  });

  it('takes a number as event name', () => {
    expect(decoded(event(42, 'x'))).toMatchObject({ event: '42', args: '["x"]' });
  });

  it('copies what it keeps', () => {
    const bytes = Uint8Array.from(event('a', Buffer.of(1, 2, 3)));
    const { attachments } = decoded(bytes);
    bytes.fill(0);
    expect(attachments).toEqual([Uint8Array.of(1, 2, 3)]);
  });

  const nested = (depth: number): number[] => [...Array(depth).fill(0x91), 0xc0];
  it.each<[string, Uint8Array, ParseError]>([
    ['nothing', Uint8Array.of(), ParseError.EMPTY_PACKET],
    ['a value that is not a map', notepackEncode([2]), ParseError.ILLEGAL_MSGPACK],
    ['bytes behind the packet', Buffer.concat([event('a'), Buffer.of(0)]), ParseError.TRAILING_BYTES],
    ['a packet cut short', event('abc').subarray(0, -1), ParseError.ILLEGAL_MSGPACK],
    ['an unknown type', notepackEncode({ type: 7, nsp: '/' }), ParseError.UNKNOWN_SOCKET_PACKET_TYPE],
    ['a type that is text', notepackEncode({ type: '2', nsp: '/' }), ParseError.UNKNOWN_SOCKET_PACKET_TYPE],
    ['no type', notepackEncode({ nsp: '/', data: [] }), ParseError.UNKNOWN_SOCKET_PACKET_TYPE],
    ['a CONNECT_ERROR', notepackEncode({ type: 4, nsp: '/', data: 'x' }), ParseError.UNEXPECTED_PACKET_TYPE],
    ['no namespace', notepackEncode({ type: 2, data: ['a'] }), ParseError.ILLEGAL_PAYLOAD],
    [
      'a namespace that is no text',
      notepackEncode({ type: 2, data: ['a'], nsp: 1 }),
      ParseError.ILLEGAL_PAYLOAD,
    ],
    ['an event without data', notepackEncode({ type: 2, nsp: '/' }), ParseError.ILLEGAL_PAYLOAD],
    [
      'an event whose data is a map',
      notepackEncode({ type: 2, nsp: '/', data: {} }),
      ParseError.ILLEGAL_PAYLOAD,
    ],
    ['an event without name', event(), ParseError.ILLEGAL_PAYLOAD],
    ['an event whose name is a map', event({ toString: 'foo' }), ParseError.ILLEGAL_EVENT_NAME],
    ['an event whose name is binary', event(Buffer.of(1)), ParseError.ILLEGAL_EVENT_NAME],
    ['a reserved event name', event('disconnecting'), ParseError.RESERVED_EVENT_NAME],
    ['an ack without id', notepackEncode({ type: 3, nsp: '/', data: [] }), ParseError.MISSING_ACK_ID],
    [
      'an ack whose data is text',
      notepackEncode({ type: 3, nsp: '/', id: 1, data: 'x' }),
      ParseError.ILLEGAL_PAYLOAD,
    ],
    [
      'a negative ack id',
      notepackEncode({ type: 2, nsp: '/', id: -1, data: ['a'] }),
      ParseError.ILLEGAL_ACK_ID,
    ],
    [
      'an ack id of 2^53',
      notepackEncode({ type: 2, nsp: '/', id: 2 ** 53, data: ['a'] }),
      ParseError.ILLEGAL_ACK_ID,
    ],
    [
      'an ack id with a fraction',
      notepackEncode({ type: 2, nsp: '/', id: 1.5, data: ['a'] }),
      ParseError.ILLEGAL_ACK_ID,
    ],
    [
      'an ack id of 1e300',
      withField(
        { type: 2, nsp: '/', data: ['a'] },
        'id',
        [0xcb, 0x7e, 0x37, 0xe4, 0x3c, 0x88, 0, 0x75, 0x9c],
      ),
      ParseError.ILLEGAL_ACK_ID,
    ],
    [
      'an ack id that is text',
      notepackEncode({ type: 2, nsp: '/', id: '1', data: ['a'] }),
      ParseError.ILLEGAL_ACK_ID,
    ],
    ['a CONNECT with null', notepackEncode({ type: 0, nsp: '/', data: null }), ParseError.ILLEGAL_PAYLOAD],
    ['a CONNECT with an array', notepackEncode({ type: 0, nsp: '/', data: [] }), ParseError.ILLEGAL_PAYLOAD],
    [
      'a CONNECT with bytes',
      notepackEncode({ type: 0, nsp: '/', data: { a: Buffer.of(1) } }),
      ParseError.ILLEGAL_PAYLOAD,
    ],
    ['a DISCONNECT with data', notepackEncode({ type: 1, nsp: '/', data: [] }), ParseError.ILLEGAL_PAYLOAD],
    ['an array nested too deep', rawData(0x92, 0xa1, 0x61, ...nested(50_000)), ParseError.NESTED_TOO_DEEP],
    ['an array of 4 billion elements', rawData(0xdd, 0xff, 0xff, 0xff, 0xff), ParseError.ILLEGAL_MSGPACK],
    [
      'a map of 4 billion pairs',
      rawData(0x92, 0xa1, 0x61, 0xdf, 0xff, 0xff, 0xff, 0xff),
      ParseError.ILLEGAL_MSGPACK,
    ],
    ['a string of 4 GB', rawData(0x91, 0xdb, 0xff, 0xff, 0xff, 0xff), ParseError.ILLEGAL_MSGPACK],
    ['bytes of 4 GB', rawData(0x92, 0xa1, 0x61, 0xc6, 0xff, 0xff, 0xff, 0xff), ParseError.ILLEGAL_MSGPACK],
    ['a map key that is an array', rawData(0x92, 0xa1, 0x61, 0x81, 0x90, 0x01), ParseError.ILLEGAL_MSGPACK],
    ['a map key that is nil', rawData(0x92, 0xa1, 0x61, 0x81, 0xc0, 0x01), ParseError.ILLEGAL_MSGPACK],
    ['the byte c1', rawData(0x92, 0xa1, 0x61, 0xc1), ParseError.ILLEGAL_MSGPACK],
    [
      'a timestamp',
      rawData(0x92, 0xa1, 0x61, 0xd6, 0xff, 0, 0, 0, 0),
      ParseError.UNSUPPORTED_MSGPACK_EXTENSION,
    ],
    [
      'an unknown extension',
      rawData(0x92, 0xa1, 0x61, 0xc7, 1, 5, 0),
      ParseError.UNSUPPORTED_MSGPACK_EXTENSION,
    ],
    [
      'more than 10 binary values',
      event('a', ...Array(11).fill(Buffer.of(1))),
      ParseError.TOO_MANY_ATTACHMENTS,
    ],
  ])('is refused: %s', (_, bytes, error) => {
    expect(refusal(bytes)).toBe(error);
  });

  it('is refused with a field given twice', () => {
    const pair = notepackEncode({ nsp: '/' }).subarray(1);
    const type = notepackEncode({ type: 1 }).subarray(1);
    expect(refusal(Buffer.concat([Buffer.of(0x83), type, pair, pair]))).toBe(ParseError.DUPLICATE_FIELD);
  });

  it('is refused with placeholders of its own beside binary values, which are data otherwise', () => {
    const forged = { _placeholder: true, num: 0 };
    expect(refusal(event('a', forged, Buffer.of(1)))).toBe(ParseError.ILLEGAL_PLACEHOLDER);
    expect(decoded(event('a', forged)).args).toBe('[{"_placeholder":true,"num":0}]');
  });

  it('is refused above the byte budget for binary values', () => {
    const small = new MsgpackPacketDecoder({ ...DEFAULT_CODEC_LIMITS, maxAttachmentBytes: 10 });
    const bytes = event('a', Buffer.alloc(6), Buffer.alloc(6));
    expect(small.decode(bytes, 0, bytes.length, 4, new SocketPacket())).toBe(
      ParseError.ATTACHMENTS_TOO_LARGE,
    );
  });

  it('survives any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
        expect(PARSE_ERROR_MESSAGES[refusal(bytes)]).toBeDefined();
        expect(PARSE_ERROR_MESSAGES[refusal(rawData(...bytes))]).toBeDefined();
      }),
      { numRuns: 2000 },
    );
  });

  it('reads only its part of a larger buffer', () => {
    const inner = event('a', 1.5);
    const bytes = Buffer.concat([Buffer.of(4), inner, Buffer.of(9, 9)]);
    const packet = new SocketPacket();
    expect(decoder.decode(bytes, 1, bytes.length - 2, 3, packet)).toBe(ParseError.NONE);
    expect(packet.args).toBe('[1.5]');
    expect(decoder.decode(bytes, 1, inner.length, 3, packet)).not.toBe(ParseError.NONE);
  });
});

describe('text packets of the msgpack parser for Socket.IO 2', () => {
  const text = (value: string, packet = new SocketPacket()): ParseError => {
    const bytes = Buffer.from(value);
    return decoder.decodeText(bytes, 0, bytes.length, 3, packet);
  };

  it('are CONNECT and DISCONNECT as JSON', () => {
    const packet = new SocketPacket();
    expect(text('{"type":0,"nsp":"/chat?a=b","query":"a=b"}', packet)).toBe(ParseError.NONE);
    expect(packet).toMatchObject({
      type: SocketPacketType.CONNECT,
      namespace: '/chat',
      query: 'a=b',
      payload: null,
    });
    expect(text('{"type":1,"nsp":"/"}', packet)).toBe(ParseError.NONE);
    expect(packet).toMatchObject({ type: SocketPacketType.DISCONNECT, namespace: '/', query: '' });
  });

  it.each([
    ['', ParseError.EMPTY_PACKET],
    ['{', ParseError.ILLEGAL_JSON],
    ['{}x', ParseError.TRAILING_BYTES],
    ['null', ParseError.UNEXPECTED_PACKET_TYPE],
    ['{"type":2,"nsp":"/","data":["a"]}', ParseError.UNEXPECTED_PACKET_TYPE],
    ['{"type":0}', ParseError.ILLEGAL_PAYLOAD],
    ['{"type":0,"nsp":"/","data":{}}', ParseError.ILLEGAL_PAYLOAD],
  ])('are refused otherwise: %s', (value, error) => {
    expect(text(value)).toBe(error);
  });
});
