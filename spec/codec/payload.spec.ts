import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeBase64Frame, encodeBase64Frame, isBase64Frame } from '../../src/runtime/codec/base64-frame.ts';
import {
  binaryMessageFrame,
  binaryPacketTypeV3,
  type DecodedPayload,
  type EnginePacket,
  EnginePacketType,
  type EngineRevision,
  type Frame,
  textPacketType,
} from '../../src/runtime/codec/engine-packet.ts';
import { ParseError } from '../../src/runtime/codec/parse-error.ts';
import {
  decodeBinaryPayloadV3,
  decodeTextPayloadV3,
  encodePayloadV3,
} from '../../src/runtime/codec/payload-v3.ts';
import { decodePayloadV4, encodePayloadV4 } from '../../src/runtime/codec/payload-v4.ts';
import { engineParser, type OfficialEnginePacket } from './official-parsers.ts';
import { wellFormedText } from './packets.ts';

const TYPE_NAMES = Object.entries(EnginePacketType).map(([name]) => name.toLowerCase());

/** What a packet says, in the form of the official parsers. */
function official(packet: EnginePacket): OfficialEnginePacket {
  const data = Buffer.from(packet.bytes.subarray(packet.start, packet.end));
  const type = TYPE_NAMES[packet.type]!;
  if (packet.binary) return { type, data };
  return data.length === 0 ? { type } : { type, data: data.toString() };
}

const decodedV4 = (payload: string | Uint8Array, max = 100): DecodedPayload =>
  decodePayloadV4(typeof payload === 'string' ? Buffer.from(payload) : payload, max);
const decodedV3 = (payload: string | Uint8Array, max = 100): DecodedPayload =>
  typeof payload === 'string'
    ? decodeTextPayloadV3(Buffer.from(payload), max)
    : decodeBinaryPayloadV3(payload, max);

const textPacket = fc
  .record({
    type: fc.constantFrom(...TYPE_NAMES),
    data: wellFormedText.map((text) => text.replaceAll('\x1e', '')),
  })
  .map(({ type, data }): OfficialEnginePacket => (data === '' ? { type } : { type, data }));
const binaryPacket = fc
  .uint8Array({ maxLength: 40 })
  .map((bytes): OfficialEnginePacket => ({ type: 'message', data: Buffer.from(bytes) }));
const packets = fc.array(fc.oneof(textPacket, binaryPacket), { minLength: 1, maxLength: 8 });

function frames(list: OfficialEnginePacket[], revision: EngineRevision): Frame[] {
  return list.map((packet) => {
    if (typeof packet.data === 'object') return binaryMessageFrame(packet.data, revision);
    return `${TYPE_NAMES.indexOf(packet.type)}${packet.data ?? ''}`;
  });
}

describe('Engine.IO packet', () => {
  it('has its type as first character', () => {
    expect(textPacketType(Buffer.from('4hello'), 0, 6)).toBe(EnginePacketType.MESSAGE);
    expect(textPacketType(Buffer.from('x2'), 1, 2)).toBe(EnginePacketType.PING);
  });

  it('is refused when empty or of an unknown type', () => {
    expect(textPacketType(Buffer.from('4'), 1, 1)).toBe(-ParseError.EMPTY_PACKET);
    for (const type of ['7', '/', 'a', ' ']) {
      expect(textPacketType(Buffer.from(type), 0, 1)).toBe(-ParseError.UNKNOWN_ENGINE_PACKET_TYPE);
    }
    expect(binaryPacketTypeV3(Buffer.from([7]), 0, 1)).toBe(-ParseError.UNKNOWN_ENGINE_PACKET_TYPE);
    expect(binaryPacketTypeV3(Buffer.from([]), 0, 0)).toBe(-ParseError.EMPTY_PACKET);
  });

  it('carries binary as bare bytes in revision 4 and behind the byte 04 in revision 3', () => {
    const bytes = Uint8Array.of(1, 2, 3);
    expect(binaryMessageFrame(bytes, 4)).toBe(bytes);
    expect(binaryMessageFrame(bytes, 3)).toEqual(Uint8Array.of(4, 1, 2, 3));
    const packet = { type: 'message', data: Buffer.from(bytes) };
    expect(Buffer.from(engineParser.encodePacket(packet, 3) as Uint8Array)).toEqual(
      Buffer.from([4, 1, 2, 3]),
    );
    expect(binaryPacketTypeV3(binaryMessageFrame(bytes, 3), 0, 4)).toBe(EnginePacketType.MESSAGE);
  });
});

describe('binary message as text, for WebSockets that ask for b64=1', () => {
  it('is b and base64 in revision 4, with the type between in revision 3', () => {
    const bytes = Uint8Array.of(1, 2, 3);
    const packet = {
      type: EnginePacketType.MESSAGE,
      binary: true,
      bytes: Buffer.from(bytes),
      start: 0,
      end: 3,
    };
    for (const [revision, text] of [
      [4, 'bAQID'],
      [3, 'b4AQID'],
    ] as const) {
      expect(encodeBase64Frame(binaryMessageFrame(bytes, revision), revision)).toBe(text);
      const frame = Buffer.from(text);
      expect(isBase64Frame(frame, 0, frame.length)).toBe(true);
      expect(decodeBase64Frame(frame, 0, frame.length, revision)).toEqual(packet);
    }
  });

  it('may be folded into lines, as the Java client does', () => {
    const bytes = Buffer.from(Array.from({ length: 200 }, (_, i) => i));
    const lines = bytes.toString('base64').replace(/.{76}/g, '$&\n');
    for (const text of [`b${lines}\n`, `b${lines.replaceAll('\n', '\r\n')}\r\n`]) {
      const packet = decodeBase64Frame(Buffer.from(text), 0, text.length, 4);
      expect(packet).toMatchObject({ type: EnginePacketType.MESSAGE, binary: true, start: 0, end: 200 });
      expect(Buffer.from((packet as { bytes: Uint8Array }).bytes)).toEqual(bytes);
    }
  });

  it.each(['bAQID\r', 'bAQ\r\r\nID\n', 'bAQI\n', 'bAQ==\nAQID\n', 'bAQ ID\n'])('is refused as %j', (text) => {
    expect(decodeBase64Frame(Buffer.from(text), 0, text.length, 4)).toBe(ParseError.ILLEGAL_BASE64);
  });

  it('is refused when it is not base64', () => {
    expect(decodeBase64Frame(Buffer.from('b!!!'), 0, 4, 4)).toBe(ParseError.ILLEGAL_BASE64);
    expect(decodeBase64Frame(Buffer.from('b4!!!!'), 0, 6, 3)).toBe(ParseError.ILLEGAL_BASE64);
    expect(decodeBase64Frame(Buffer.from('b'), 0, 1, 3)).toBe(ParseError.UNKNOWN_ENGINE_PACKET_TYPE);
    expect(isBase64Frame(Buffer.from(''), 0, 0)).toBe(false);
  });
});

describe('polling payload of revision 4', () => {
  it('separates packets by U+001E and marks base64 by b', () => {
    const { error, packets: list } = decodedV4('4hello\x1e2\x1ebAQID');
    expect(error).toBe(ParseError.NONE);
    expect(list.map(official)).toEqual([
      { type: 'message', data: 'hello' },
      { type: 'ping' },
      { type: 'message', data: Buffer.from([1, 2, 3]) },
    ]);
    expect(encodePayloadV4(['4hello', '2', Uint8Array.of(1, 2, 3)])).toBe('4hello\x1e2\x1ebAQID');
  });

  it('decodes what the official parser encodes', () => {
    fc.assert(
      fc.property(packets, (list) => {
        const { error, packets: decoded } = decodedV4(engineParser.encodePayloadV4(list));
        expect(error).toBe(ParseError.NONE);
        expect(decoded.map(official)).toEqual(list);
      }),
    );
  });

  it('encodes what the official parser decodes', () => {
    fc.assert(
      fc.property(packets, (list) => {
        expect(engineParser.decodePayloadV4(encodePayloadV4(frames(list, 4)))).toEqual(list);
      }),
    );
  });

  it.each([
    ['an empty payload', '', ParseError.EMPTY_PACKET],
    ['an empty packet between separators', '4a\x1e\x1e4b', ParseError.EMPTY_PACKET],
    ['a trailing separator', '4a\x1e', ParseError.EMPTY_PACKET],
    ['an unknown packet type', '4a\x1e9', ParseError.UNKNOWN_ENGINE_PACKET_TYPE],
    ['base64 with characters that are not in it', 'b!!!', ParseError.ILLEGAL_BASE64],
    ['base64 of four such characters', 'b!!!!', ParseError.ILLEGAL_BASE64],
    ['base64 without its padding', 'bAQI', ParseError.ILLEGAL_BASE64],
    ['base64 with padding inside', 'bAQ==AQID', ParseError.ILLEGAL_BASE64],
    ['base64 with too much padding', 'bA===', ParseError.ILLEGAL_BASE64],
    ['base64 of the URL alphabet', 'b-_-_', ParseError.ILLEGAL_BASE64],
  ])('refuses %s', (_, payload, error) => {
    expect(decodedV4(payload)).toEqual({ error, packets: [] });
  });

  it('refuses text that is not UTF-8', () => {
    expect(decodedV4(Buffer.from([0x34, 0xc3, 0x28])).error).toBe(ParseError.INVALID_UTF8);
  });

  it('refuses 1 MB of "4" packets at the cap on packets per payload', () => {
    expect(decodedV4('4\x1e'.repeat(500_000), 1000)).toEqual({
      error: ParseError.TOO_MANY_PACKETS,
      packets: [],
    });
    expect(decodedV4(Array(1000).fill('4').join('\x1e'), 1000).packets).toHaveLength(1000);
  });

  it('survives any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
        const { error, packets: list } = decodedV4(bytes);
        expect(error === ParseError.NONE).toBe(list.length > 0);
      }),
    );
  });
});

describe('polling payload of revision 3', () => {
  it('prefixes packets with their length in characters and marks base64 by b', () => {
    const { error, packets: list } = decodedV3('6:4hello1:26:b4AQID');
    expect(error).toBe(ParseError.NONE);
    expect(list.map(official)).toEqual([
      { type: 'message', data: 'hello' },
      { type: 'ping' },
      { type: 'message', data: Buffer.from([1, 2, 3]) },
    ]);
    expect(encodePayloadV3(['4hello', '2', Uint8Array.of(4, 1, 2, 3)], false)).toBe('6:4hello1:26:b4AQID');
  });

  it('counts UTF-16 code units: one for é and €, two for an emoji', () => {
    const { packets: list } = decodedV3('3:4é€3:4😀1:2');
    expect(list.map(official)).toEqual([
      { type: 'message', data: 'é€' },
      { type: 'message', data: '😀' },
      { type: 'ping' },
    ]);
    expect(encodePayloadV3(['4é€', '4😀'], true)).toBe('3:4é€3:4😀');
  });

  it('has a binary form with length digits as bytes', () => {
    const payload = Uint8Array.of(0, 6, 0xff, 0x34, 0x68, 0x65, 0x6c, 0x6c, 0x6f, 1, 4, 0xff, 4, 1, 2, 3);
    expect(encodePayloadV3(['4hello', Uint8Array.of(4, 1, 2, 3)], true)).toEqual(Buffer.from(payload));
    expect(decodedV3(payload).packets.map(official)).toEqual([
      { type: 'message', data: 'hello' },
      { type: 'message', data: Buffer.from([1, 2, 3]) },
    ]);
  });

  it.each([true, false])('decodes what the official parser encodes (binary form allowed: %s)', (binary) => {
    fc.assert(
      fc.property(packets, (list) => {
        const { error, packets: decoded } = decodedV3(engineParser.encodePayloadV3(list, binary));
        expect(error).toBe(ParseError.NONE);
        expect(decoded.map(official)).toEqual(list);
      }),
    );
  });

  it.each([true, false])('encodes what the official parser decodes (binary form allowed: %s)', (binary) => {
    fc.assert(
      fc.property(packets, (list) => {
        expect(engineParser.decodePayloadV3(encodePayloadV3(frames(list, 3), binary))).toEqual(list);
      }),
    );
  });

  it.each([
    ['an empty payload', '', ParseError.EMPTY_PACKET],
    ['a packet of length zero', '0:', ParseError.EMPTY_PACKET],
    ['a length beyond the payload', '7:4hello', ParseError.ILLEGAL_PAYLOAD_LENGTH],
    ['a length that is too short', '5:4hello', ParseError.ILLEGAL_PAYLOAD_LENGTH],
    ['a length that splits a character', '2:4😀', ParseError.ILLEGAL_PAYLOAD_LENGTH],
    ['a negative length', '-1:4', ParseError.ILLEGAL_PAYLOAD_LENGTH],
    ['a length with an exponent', '1e0:4', ParseError.ILLEGAL_PAYLOAD_LENGTH],
    ['a length without digits', ':4', ParseError.ILLEGAL_PAYLOAD_LENGTH],
    ['a length without an end', '12', ParseError.ILLEGAL_PAYLOAD_LENGTH],
    ['a length of 300 digits', `${'9'.repeat(300)}:4`, ParseError.ILLEGAL_PAYLOAD_LENGTH],
    ['an unknown packet type', '1:9', ParseError.UNKNOWN_ENGINE_PACKET_TYPE],
    ['an unknown binary packet type', '6:b9AQID', ParseError.UNKNOWN_ENGINE_PACKET_TYPE],
    ['a lone b', '1:b', ParseError.UNKNOWN_ENGINE_PACKET_TYPE],
    ['base64 with characters that are not in it', '5:b4!!!', ParseError.ILLEGAL_BASE64],
  ])('refuses %s', (_, payload, error) => {
    expect(decodedV3(payload)).toEqual({ error, packets: [] });
  });

  it.each([
    ['an empty payload', [], ParseError.EMPTY_PACKET],
    ['a kind other than text and binary', [2, 1, 0xff, 0x34], ParseError.ILLEGAL_PAYLOAD_LENGTH],
    ['a length beyond the payload', [0, 2, 0xff, 0x34], ParseError.ILLEGAL_PAYLOAD_LENGTH],
    ['a length without an end', [0, 1, 1, 1], ParseError.ILLEGAL_PAYLOAD_LENGTH],
    ['a length without digits', [0, 0xff, 0x34], ParseError.ILLEGAL_PAYLOAD_LENGTH],
    ['a length digit above 9', [0, 0x31, 0xff, 0x34], ParseError.ILLEGAL_PAYLOAD_LENGTH],
    ['a length of 400 digits', [0, ...Array(400).fill(9), 0xff, 0x34], ParseError.ILLEGAL_PAYLOAD_LENGTH],
    ['an empty text packet', [0, 0, 0xff], ParseError.EMPTY_PACKET],
    ['an empty binary packet', [1, 0, 0xff], ParseError.EMPTY_PACKET],
    ['an unknown binary type', [1, 1, 0xff, 0x34], ParseError.UNKNOWN_ENGINE_PACKET_TYPE],
    ['text that is not UTF-8', [0, 3, 0xff, 0x34, 0xc3, 0x28], ParseError.INVALID_UTF8],
  ])('refuses in the binary form %s', (_, payload, error) => {
    expect(decodedV3(Uint8Array.from(payload))).toEqual({ error, packets: [] });
  });

  it('refuses text that is not UTF-8', () => {
    expect(decodeTextPayloadV3(Buffer.from([0x32, 0x3a, 0x34, 0xff]), 9).error).toBe(ParseError.INVALID_UTF8);
  });

  it('refuses more packets than the cap in both forms', () => {
    expect(decodedV3('1:4'.repeat(101)).error).toBe(ParseError.TOO_MANY_PACKETS);
    const binary = Buffer.concat(Array(101).fill(Buffer.from([0, 1, 0xff, 0x34])));
    expect(decodedV3(binary).error).toBe(ParseError.TOO_MANY_PACKETS);
  });

  it('survives any bytes in both forms', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
        for (const { error, packets: list } of [decodedV3(bytes), decodeTextPayloadV3(bytes, 100)]) {
          expect(error === ParseError.NONE).toBe(list.length > 0);
        }
      }),
    );
  });
});
