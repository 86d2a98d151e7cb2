import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AttachmentAssembler } from '../../src/runtime/codec/attachment-assembler.ts';
import type { Body } from '../../src/runtime/codec/body.ts';
import { DEFAULT_CODEC_LIMITS } from '../../src/runtime/codec/codec-limits.ts';
import type { EngineRevision, Frame } from '../../src/runtime/codec/engine-packet.ts';
import { PARSE_ERROR_MESSAGES, ParseError } from '../../src/runtime/codec/parse-error.ts';
import { SocketPacket, SocketPacketType } from '../../src/runtime/codec/socket-packet.ts';
import { SocketPacketDecoder } from '../../src/runtime/codec/socket-packet-decoder.ts';
import {
  ackText,
  connectErrorPayload,
  connectErrorText,
  connectText,
  disconnectText,
  eventText,
} from '../../src/runtime/codec/socket-packet-encoder.ts';
import { type OfficialPacket, type SocketParser, socketParser4, socketParser5 } from './official-parsers.ts';
import { binaryPackets, bodyOf, countBinary, jsonPackets, valuesOf } from './packets.ts';

const decoder = new SocketPacketDecoder(DEFAULT_CODEC_LIMITS);

function decoded(text: string, revision: EngineRevision = 4): SocketPacket {
  const packet = new SocketPacket();
  const bytes = Buffer.from(text);
  const error = decoder.decode(bytes, 0, bytes.length, revision, packet);
  expect(PARSE_ERROR_MESSAGES[error]).toBe('no error');
  expect(bytes.toString(), 'the input is as it was').toBe(text);
  return packet;
}

function refusal(text: string, revision: EngineRevision = 4): ParseError {
  const bytes = Buffer.from(text);
  return decoder.decode(bytes, 0, bytes.length, revision, new SocketPacket());
}

/** The body of a packet with everything that follows it. */
function assembled(packet: SocketPacket, attachments: readonly Frame[]): Body {
  if (packet.awaitedAttachments === 0) return { args: packet.args, attachments: [] };
  const assembler = new AttachmentAssembler(packet, DEFAULT_CODEC_LIMITS);
  for (const bytes of attachments as Uint8Array[]) {
    expect(assembler.complete).toBe(false);
    expect(assembler.add(bytes, 0, bytes.length)).toBe(ParseError.NONE);
  }
  expect(assembler.complete).toBe(true);
  return assembler.body();
}

const parsers: [string, SocketParser, EngineRevision][] = [
  ['protocol 5 (socket.io-parser 4)', socketParser5, 4],
  ['protocol 4 (socket.io-parser 3)', socketParser4, 3],
];

describe.each(parsers)('Socket.IO packets against the official parser of %s', (_, official, revision) => {
  /** Parser 3 wants to be told that a packet has binary values. */
  const encode = (packet: OfficialPacket): Frame[] => {
    const binary = official === socketParser4 && countBinary(packet.data) > 0;
    return official.encode({ ...packet, type: packet.type + (binary ? 3 : 0) });
  };
  const withoutQuery = (namespace: string): string => (revision === 3 ? namespace.split('?')[0]! : namespace);

  it.each([
    ['events', jsonPackets],
    ['events with binary values', binaryPackets],
  ])('decodes the %s it encodes', (_kind, packets) => {
    fc.assert(
      fc.property(packets, ({ namespace, ackId, event, args }) => {
        const id = ackId < 0 ? undefined : ackId;
        const [text, ...attachments] = encode({
          type: 2,
          nsp: namespace,
          id,
          data: [event, ...args],
        } as OfficialPacket);
        const packet = decoded(text as string, revision);
        expect(packet).toMatchObject({
          type: SocketPacketType.EVENT,
          namespace: withoutQuery(namespace),
          ackId,
          event,
        });
        expect(valuesOf(assembled(packet, attachments))).toEqual(args);
      }),
      { numRuns: 300 },
    );
  });

  it.each([
    ['acks', jsonPackets],
    ['acks with binary values', binaryPackets],
  ])('decodes the %s it encodes', (_kind, packets) => {
    fc.assert(
      fc.property(packets, ({ namespace, ackId, args }) => {
        const id = Math.max(ackId, 0);
        const [text, ...attachments] = encode({ type: 3, nsp: namespace, id, data: args });
        const packet = decoded(text as string, revision);
        expect(packet).toMatchObject({
          type: SocketPacketType.ACK,
          namespace: withoutQuery(namespace),
          ackId: id,
        });
        expect(valuesOf(assembled(packet, attachments))).toEqual(args);
      }),
      { numRuns: 300 },
    );
  });

  it.each([
    ['events', jsonPackets],
    ['events with binary values', binaryPackets],
  ])('encodes %s it decodes', (_kind, packets) => {
    fc.assert(
      fc.property(packets, ({ namespace, ackId, event, args }) => {
        const body = bodyOf(args);
        const [packet, ...more] = official.decode([
          eventText(namespace, event, body, ackId),
          ...body.attachments,
        ]);
        expect(more).toEqual([]);
        expect(packet!.nsp).toBe(namespace);
        expect(packet!.id).toBe(ackId < 0 ? undefined : ackId);
        expect(packet!.data).toEqual([event, ...args]);
      }),
      { numRuns: 300 },
    );
  });

  it('encodes acks with and without binary values it decodes', () => {
    fc.assert(
      fc.property(binaryPackets, ({ namespace, ackId, args }) => {
        const body = bodyOf(args);
        const [packet] = official.decode([ackText(namespace, Math.max(ackId, 0), body), ...body.attachments]);
        expect(packet).toMatchObject({ nsp: namespace, id: Math.max(ackId, 0), data: args });
        expect([SocketPacketType.ACK, SocketPacketType.BINARY_ACK]).toContain(packet!.type);
      }),
      { numRuns: 300 },
    );
  });

  it('agrees on CONNECT, CONNECT_ERROR and DISCONNECT', () => {
    for (const nsp of ['/', '/admin']) {
      expect(official.decode([connectText(nsp, null)])).toEqual([{ type: 0, nsp }]);
      expect(official.decode([connectText(nsp, '{"sid":"x"}')])).toEqual([
        { type: 0, nsp, data: { sid: 'x' } },
      ]);
      expect(official.decode([disconnectText(nsp)])).toEqual([{ type: 1, nsp }]);
      const payload = connectErrorPayload('Invalid namespace', null, revision);
      const data = revision === 4 ? { message: 'Invalid namespace' } : 'Invalid namespace';
      expect(official.decode([connectErrorText(nsp, payload)])).toEqual([{ type: 4, nsp, data }]);
      expect(decoded(official.encode({ type: 1, nsp })[0] as string)).toMatchObject({
        type: 1,
        namespace: nsp,
      });
      expect(decoded(official.encode({ type: 0, nsp })[0] as string)).toMatchObject({
        type: 0,
        namespace: nsp,
      });
    }
  });

  it('accepts nothing that it refuses, on packets changed in one place', () => {
    const changed = fc
      .tuple(binaryPackets, fc.nat(), fc.constantFrom(...'0123456789-,/[]{}":_? e+'), fc.boolean())
      .map(([{ namespace, ackId, event, args }, at, character, insert]) => {
        const text = eventText(namespace, event, bodyOf(args), ackId);
        const i = at % Math.min(text.length, 30);
        return text.slice(0, i) + character + text.slice(insert ? i : i + 1);
      });
    fc.assert(
      fc.property(changed, (text) => {
        const accepts = refusal(text, revision) === ParseError.NONE;
        let officialAccepts = true;
        try {
          const packets = official.decode([text]);
          // Parser 3 turns an unknown type into an ERROR packet of its own.
          officialAccepts = packets.every(({ type }) => type !== SocketPacketType.CONNECT_ERROR);
        } catch {
          officialAccepts = false;
        }
        expect(!accepts || officialAccepts, text).toBe(true);
      }),
      { numRuns: 3000 },
    );
  });
});

describe('Socket.IO packet', () => {
  it('is an event with its arguments untouched, spaces and number forms included', () => {
    const packet = decoded('2["hello", 1.0 ,{"a" : 1e3}]');
    expect(packet).toMatchObject({ type: SocketPacketType.EVENT, namespace: '/', ackId: -1, event: 'hello' });
    expect(packet.args).toBe('[ 1.0 ,{"a" : 1e3}]');
  });

  it('is an event without arguments', () => {
    expect(decoded('2["hello"]')).toMatchObject({ event: 'hello', args: '[]' });
    expect(decoded('2[ "hello" ]')).toMatchObject({ event: 'hello', args: '[]' });
  });

  it('has an ack id between namespace and payload', () => {
    expect(decoded('2/admin,456["project:delete",123]')).toMatchObject({
      namespace: '/admin',
      ackId: 456,
      event: 'project:delete',
      args: '[123]',
    });
    expect(decoded('212["a"]').ackId).toBe(12);
    expect(decoded('2007["a"]').ackId).toBe(7);
    expect(decoded('2/,0["a"]')).toMatchObject({ namespace: '/', ackId: 0 });
  });

  it('accepts the ack id 2^53-1 and refuses 2^53', () => {
    expect(decoded('29007199254740991["a"]').ackId).toBe(Number.MAX_SAFE_INTEGER);
    expect(refusal('29007199254740992["a"]')).toBe(ParseError.ILLEGAL_ACK_ID);
  });

  it('refuses an ack id of 400 nines', () => {
    expect(refusal(`2${'9'.repeat(400)}["a"]`)).toBe(ParseError.ILLEGAL_ACK_ID);
    expect(refusal(`3${'9'.repeat(400)}[]`)).toBe(ParseError.ILLEGAL_ACK_ID);
  });

  it.each([
    ['2 ["a"]', ParseError.ILLEGAL_PAYLOAD],
    ['2-1["a"]', ParseError.ILLEGAL_PAYLOAD],
    ['21e1["a"]', ParseError.ILLEGAL_PAYLOAD],
    ['20x1["a"]', ParseError.ILLEGAL_PAYLOAD],
    ['21.5["a"]', ParseError.ILLEGAL_PAYLOAD],
  ])('refuses the ack id of %s', (text, error) => {
    expect(refusal(text)).toBe(error);
  });

  it('unescapes event names, and takes numbers as names in decimal', () => {
    expect(decoded('2["a\\u0062\\n",1]')).toMatchObject({ event: 'ab\n', args: '[1]' });
    expect(decoded('2["é😀"]').event).toBe('é😀');
    expect(decoded('2[42,"x"]')).toMatchObject({ event: '42', args: '["x"]' });
    expect(decoded('2[-1.50]').event).toBe('-1.5');
  });

  it('accepts an event named "error"', () => {
    expect(decoded('2["error",{"message":"x"}]').event).toBe('error');
  });

  it.each(['connect', 'connect_error', 'disconnect', 'disconnecting', 'newListener', 'removeListener'])(
    'refuses the reserved event name %s, also when written with escapes',
    (name) => {
      expect(refusal(`2["${name}"]`)).toBe(ParseError.RESERVED_EVENT_NAME);
      const escaped = `\\u00${name.charCodeAt(0).toString(16)}${name.slice(1)}`;
      expect(refusal(`2["${escaped}"]`)).toBe(ParseError.RESERVED_EVENT_NAME);
    },
  );

  it.each(['{"toString":"foo"}', 'null', 'true', '["a"]', 'x'])('refuses %s as event name', (name) => {
    expect(refusal(`2[${name}]`)).toBe(ParseError.ILLEGAL_EVENT_NAME);
  });

  it.each([
    ['an unknown type', '7', ParseError.UNKNOWN_SOCKET_PACKET_TYPE],
    ['a type that is not a digit', 'hello', ParseError.UNKNOWN_SOCKET_PACKET_TYPE],
    ['an empty packet', '', ParseError.EMPTY_PACKET],
    ['a CONNECT_ERROR, which only servers send', '4{"message":"x"}', ParseError.UNEXPECTED_PACKET_TYPE],
    ['an event without payload', '2', ParseError.ILLEGAL_PAYLOAD],
    ['an event without name', '2[]', ParseError.ILLEGAL_EVENT_NAME],
    ['an event whose payload is an object', '2{"0":"a"}', ParseError.ILLEGAL_PAYLOAD],
    ['an event whose payload is a string', '2"a"', ParseError.ILLEGAL_PAYLOAD],
    ['an event whose payload does not end', '2["a"', ParseError.ILLEGAL_JSON],
    ['an event whose payload starts and ends', '2[', ParseError.ILLEGAL_JSON],
    ['an event with bytes behind it', '2["a"]x', ParseError.TRAILING_BYTES],
    ['two events in one packet', '2["a"]2["b"]', ParseError.TRAILING_BYTES],
    ['an event with a trailing comma', '2["a",]', ParseError.ILLEGAL_JSON],
    ["an event with an object's bracket at its end", '2["a"}', ParseError.ILLEGAL_JSON],
    ['an ack without id', '3["a"]', ParseError.MISSING_ACK_ID],
    ['an ack without payload', '31', ParseError.ILLEGAL_PAYLOAD],
    ['an ack whose payload is an object', '31{}', ParseError.ILLEGAL_PAYLOAD],
    ['an ack with bytes behind it', '31[]]', ParseError.TRAILING_BYTES],
    ['a CONNECT with an array', '0["a"]', ParseError.ILLEGAL_PAYLOAD],
    ['a CONNECT with null', '0null', ParseError.ILLEGAL_PAYLOAD],
    ['a CONNECT with a string', '0"a"', ParseError.ILLEGAL_PAYLOAD],
    ['a CONNECT with an id', '01{}', ParseError.UNEXPECTED_ACK_ID],
    ['a CONNECT with bytes behind it', '0{}{}', ParseError.TRAILING_BYTES],
    ['a DISCONNECT with a payload', '1{}', ParseError.ILLEGAL_PAYLOAD],
    ['a DISCONNECT with an id', '15', ParseError.UNEXPECTED_ACK_ID],
  ])('is refused: %s', (_, text, error) => {
    expect(refusal(text)).toBe(error);
  });

  it('is refused when nested deeper than the cap, in event, ack and CONNECT', () => {
    const deep = '['.repeat(200_000) + ']'.repeat(200_000);
    expect(refusal(`2["a",${deep}]`)).toBe(ParseError.NESTED_TOO_DEEP);
    expect(refusal(`31${deep}`)).toBe(ParseError.NESTED_TOO_DEEP);
    expect(refusal(`0{"a":${deep}}`)).toBe(ParseError.NESTED_TOO_DEEP);
    const allowed = DEFAULT_CODEC_LIMITS.maxDepth;
    expect(refusal(`31${'['.repeat(allowed)}${']'.repeat(allowed)}`)).toBe(ParseError.NONE);
    expect(refusal(`2["a",${'['.repeat(allowed - 1)}${']'.repeat(allowed - 1)}]`)).toBe(ParseError.NONE);
    expect(refusal(`2["a",${'['.repeat(allowed)}${']'.repeat(allowed)}]`)).toBe(ParseError.NESTED_TOO_DEEP);
  });

  it('carries a CONNECT payload as text', () => {
    expect(decoded('0{"token":"x"}').payload).toBe('{"token":"x"}');
    expect(decoded('0/admin,{"token":"é"}')).toMatchObject({ namespace: '/admin', payload: '{"token":"é"}' });
    expect(decoded('0').payload).toBeNull();
    expect(decoded('0/admin')).toMatchObject({ namespace: '/admin', payload: null });
  });

  it('splits the query off the namespace in revision 3 only', () => {
    expect(decoded('0/chat?token=a=b&c,', 3)).toMatchObject({ namespace: '/chat', query: 'token=a=b&c' });
    expect(decoded('0/chat?token=abc', 3)).toMatchObject({ namespace: '/chat', query: 'token=abc' });
    expect(decoded('0/chat?token=abc,', 4)).toMatchObject({ namespace: '/chat?token=abc', query: '' });
  });

  it('reads only its part of a larger buffer', () => {
    const bytes = Buffer.from('4' + '2["a",1]' + '99');
    const packet = new SocketPacket();
    expect(decoder.decode(bytes, 1, bytes.length - 2, 4, packet)).toBe(ParseError.NONE);
    expect(packet).toMatchObject({ event: 'a', args: '[1]' });
  });

  it('keeps nothing of the memory it was read from, nor of the packet before', () => {
    const packet = new SocketPacket();
    const bytes = Buffer.from('2/chat,5["first",{"a":1}]');
    decoder.decode(bytes, 0, bytes.length, 4, packet);
    const { event, args, namespace } = packet;
    bytes.fill(0x78);
    expect({ event, args, namespace }).toEqual({ event: 'first', args: '[{"a":1}]', namespace: '/chat' });
    const next = Buffer.from('2["second"]');
    decoder.decode(next, 0, next.length, 4, packet);
    expect(packet).toMatchObject({ event: 'second', args: '[]', namespace: '/', ackId: -1, query: '' });
  });

  it('survives any text behind any type', () => {
    const text = fc
      .tuple(fc.constantFrom(...'0123456'), fc.string({ unit: 'binary' }))
      .map(([t, rest]) => t + rest);
    fc.assert(
      fc.property(text, (packet) => {
        expect(PARSE_ERROR_MESSAGES[refusal(packet)]).toBeDefined();
      }),
      { numRuns: 2000 },
    );
  });

  it('writes an empty argument list without a comma', () => {
    expect(eventText('/', 'a', { args: '[]', attachments: [] }, -1)).toBe('2["a"]');
    expect(eventText('/', 'a', { args: '[ ]', attachments: [] }, 3)).toBe('23["a"]');
    expect(eventText('/n', 'a"b', { args: '[1]', attachments: [] }, 3)).toBe('2/n,3["a\\"b",1]');
  });

  it('says why a client may not join as an object in revision 4 and plain in revision 3', () => {
    expect(connectErrorPayload('no', '{"code":1}', 4)).toBe('{"message":"no","data":{"code":1}}');
    expect(connectErrorPayload('no', null, 4)).toBe('{"message":"no"}');
    expect(connectErrorPayload('no', '{"code":1}', 3)).toBe('{"code":1}');
    expect(connectErrorPayload('no', null, 3)).toBe('"no"');
  });
});
