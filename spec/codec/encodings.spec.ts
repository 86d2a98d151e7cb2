import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type BareFlavour,
  bareFrame,
  binaryMessageBody,
  textMessageBody,
} from '../../src/runtime/codec/bare-message.ts';
import type { Body } from '../../src/runtime/codec/body.ts';
import { Encodings } from '../../src/runtime/codec/encodings.ts';
import type { EngineRevision, Frame } from '../../src/runtime/codec/engine-packet.ts';
import {
  engineRevision,
  FLAVOURS,
  Flavour,
  flavourOfFirstMessage,
  isMsgpack,
  isSocketIo,
  protocolName,
} from '../../src/runtime/codec/flavour.ts';
import { encodePayloadV3 } from '../../src/runtime/codec/payload-v3.ts';
import { encodePayloadV4 } from '../../src/runtime/codec/payload-v4.ts';
import {
  ackFrames,
  connectErrorFrame,
  connectFrame,
  disconnectFrame,
} from '../../src/runtime/codec/socket-frame.ts';
import { engineParser, msgpackParser, socketParser4, socketParser5 } from './official-parsers.ts';
import { binaryPackets, bodyOf } from './packets.ts';

const NUL = Uint8Array.of(0);
const textBody: Body = { args: '["hi",1]', attachments: [] };
const mixedBody: Body = { args: '[{"_placeholder":true,"num":0},"x"]', attachments: [NUL] };

/** What the official client parsers of a flavour make of frames. */
function received(flavour: Flavour, frames: readonly Frame[]): unknown {
  const revision = engineRevision(flavour);
  const messages = frames.map((frame) => {
    if (typeof frame === 'string') return frame.slice(1);
    return revision === 3 ? frame.subarray(1) : frame;
  });
  const parser = isMsgpack(flavour) ? msgpackParser : revision === 4 ? socketParser5 : socketParser4;
  const [packet] = parser.decode(messages);
  return { nsp: packet!.nsp, id: packet!.id, data: packet!.data };
}

describe('encodings of one event', () => {
  it('are understood by the official parsers of every Socket.IO flavour', () => {
    fc.assert(
      fc.property(binaryPackets, ({ namespace, ackId, event, args }) => {
        const encodings = new Encodings(namespace, event, bodyOf(args), ackId);
        for (const flavour of FLAVOURS.filter(isSocketIo)) {
          const expected = { nsp: namespace, id: ackId < 0 ? undefined : ackId, data: [event, ...args] };
          expect(received(flavour, encodings.of(flavour))).toEqual(expected);
        }
      }),
      { numRuns: 200 },
    );
  });

  it('are made once per flavour', () => {
    const encodings = new Encodings('/', 'a', mixedBody, -1);
    for (const flavour of FLAVOURS) expect(encodings.of(flavour)).toBe(encodings.of(flavour));
  });

  it('are one for both revisions of the default parser when nothing is binary', () => {
    const plain = new Encodings('/n', 'a', textBody, 5);
    expect(plain.of(Flavour.JSON_V3)).toBe(plain.of(Flavour.JSON_V4));
    expect(plain.of(Flavour.JSON_V4)).toEqual(['42/n,5["a","hi",1]']);
  });

  it('carry attachments behind the packet, in revision 3 with 04 in front', () => {
    const encodings = new Encodings('/', 'a', mixedBody, -1);
    const text = '451-["a",{"_placeholder":true,"num":0},"x"]';
    expect(encodings.of(Flavour.JSON_V4)).toEqual([text, NUL]);
    expect(encodings.of(Flavour.JSON_V3)).toEqual([text, Uint8Array.of(4, 0)]);
  });

  it('write the first argument to engine.io and plain WebSocket clients', () => {
    const frames = (body: Body): Frame[] =>
      [Flavour.ENGINE_V4, Flavour.ENGINE_V3, Flavour.WEBSOCKET].map((flavour) => {
        const list = new Encodings('/', 'any', body, -1).of(flavour);
        expect(list).toHaveLength(1);
        return list[0]!;
      });
    expect(frames(textBody)).toEqual(['4hi', '4hi', 'hi']);
    expect(frames(mixedBody)).toEqual([NUL, Uint8Array.of(4, 0), NUL]);
    expect(frames({ args: '[]', attachments: [] })).toEqual(['4', '4', '']);
    expect(frames({ args: '[ 1.0 , 2]', attachments: [] })).toEqual(['41.0', '41.0', '1.0']);
    expect(frames({ args: '[{"é":[1,"]"]},2]', attachments: [] })[2]).toBe('{"é":[1,"]"]}');
    expect(frames({ args: '[{"_placeholder":true,"num":9}]', attachments: [] })[2]).toBe(
      '{"_placeholder":true,"num":9}',
    );
  });

  it('turn into polling payloads that the official parsers read', () => {
    const frames = new Encodings('/', 'a', mixedBody, -1);
    const text = '51-["a",{"_placeholder":true,"num":0},"x"]';
    const expected = [
      { type: 'message', data: text },
      { type: 'message', data: Buffer.of(0) },
    ];
    expect(engineParser.decodePayloadV4(encodePayloadV4(frames.of(Flavour.JSON_V4)))).toEqual(expected);
    for (const binary of [true, false]) {
      const payload = encodePayloadV3(frames.of(Flavour.JSON_V3), binary);
      expect(engineParser.decodePayloadV3(payload)).toEqual(expected);
    }
  });
});

describe('frames of one socket', () => {
  it('are understood by the official parsers of every Socket.IO flavour', () => {
    for (const flavour of FLAVOURS.filter(isSocketIo)) {
      const payload = engineRevision(flavour) === 4 ? '{"sid":"x"}' : null;
      const data = payload === null ? undefined : { sid: 'x' };
      expect(received(flavour, [connectFrame(flavour, '/n', payload)])).toEqual({
        nsp: '/n',
        id: undefined,
        data,
      });
      const error = engineRevision(flavour) === 4 ? { message: 'no' } : 'no';
      expect(received(flavour, [connectErrorFrame(flavour, '/n', 'no', null)])).toMatchObject({
        data: error,
      });
      expect(received(flavour, [disconnectFrame(flavour, '/n')])).toMatchObject({
        nsp: '/n',
        data: undefined,
      });
      expect(received(flavour, ackFrames(flavour, '/n', 4, mixedBody))).toEqual({
        nsp: '/n',
        id: 4,
        data: [Buffer.of(0), 'x'],
      });
    }
  });

  it('have the bytes of the protocol text', () => {
    expect(connectFrame(Flavour.JSON_V4, '/', '{"sid":"x"}')).toBe('40{"sid":"x"}');
    expect(connectFrame(Flavour.JSON_V3, '/', null)).toBe('40');
    expect(connectFrame(Flavour.JSON_V3, '/n', null)).toBe('40/n,');
    expect(disconnectFrame(Flavour.JSON_V4, '/')).toBe('41');
    expect(disconnectFrame(Flavour.JSON_V4, '/n')).toBe('41/n,');
    expect(connectErrorFrame(Flavour.JSON_V4, '/n', 'Invalid namespace', null)).toBe(
      '44/n,{"message":"Invalid namespace"}',
    );
    expect(connectErrorFrame(Flavour.JSON_V3, '/n', 'Invalid namespace', null)).toBe(
      '44/n,"Invalid namespace"',
    );
    expect(ackFrames(Flavour.JSON_V4, '/n', 3, textBody)).toEqual(['43/n,3["hi",1]']);
  });
});

describe('messages of engine.io and plain WebSocket clients', () => {
  const bare: BareFlavour[] = [Flavour.ENGINE_V4, Flavour.ENGINE_V3, Flavour.WEBSOCKET];

  it('are one argument: text a string, bytes an attachment', () => {
    const text = Buffer.from('4say "hi"');
    expect(textMessageBody(text, 1, text.length)).toEqual({ args: '["say \\"hi\\""]', attachments: [] });
    const bytes = Buffer.of(4, 1, 2);
    const body = binaryMessageBody(bytes, 1, 3);
    bytes.fill(0);
    expect(body).toEqual({ args: '[{"_placeholder":true,"num":0}]', attachments: [Uint8Array.of(1, 2)] });
  });

  it('come back as they were when a body is pushed to the sender', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'grapheme' }),
        fc.uint8Array(),
        fc.constantFrom(...bare),
        (text, bytes, flavour) => {
          const encoded = Buffer.from(text);
          const prefix = flavour === Flavour.WEBSOCKET ? '' : '4';
          expect(bareFrame(flavour, textMessageBody(encoded, 0, encoded.length))).toBe(prefix + text);
          const frame = bareFrame(flavour, binaryMessageBody(bytes, 0, bytes.length)) as Uint8Array;
          expect([...(flavour === Flavour.ENGINE_V3 ? frame.subarray(1) : frame)]).toEqual([...bytes]);
        },
      ),
    );
  });
});

describe('flavour', () => {
  it('is found out from the first message: text of the default parser, bytes or JSON of the msgpack parser', () => {
    const found = (binary: boolean, first: string, revision: EngineRevision): Flavour =>
      flavourOfFirstMessage(binary, revision, first.charCodeAt(0));
    expect(found(false, '0', 4)).toBe(Flavour.JSON_V4);
    expect(found(true, '\u0083', 4)).toBe(Flavour.MSGPACK_V4);
    expect(found(false, '2', 3)).toBe(Flavour.JSON_V3);
    expect(found(true, '\u0083', 3)).toBe(Flavour.MSGPACK_V3);
    expect(found(false, '{', 3)).toBe(Flavour.MSGPACK_V3);
  });

  it('says which protocol backends see', () => {
    expect(FLAVOURS.map(protocolName)).toEqual([
      'socket.io/5',
      'socket.io/4',
      'socket.io/5',
      'socket.io/4',
      'engine.io/4',
      'engine.io/3',
      'websocket',
    ]);
  });
});
