import fc from 'fast-check';
import { unpack } from 'msgpackr';
import { describe, expect, it } from 'vitest';
import type { UpstreamRecord } from '../../src/runtime/ports/upstream-log.ts';
import { decodeEvent, decodeRecord, encodeRecord } from '../../src/runtime/wire/record-codec.ts';
import { wellFormedText } from '../codec/packets.ts';

const printable = wellFormedText.map((text) =>
  // biome-ignore lint/suspicious/noControlCharactersInRegex: headers carry none
  text.replace(/[\u0000-\u001f\u007f]/g, ''),
);
const json = fc
  .jsonValue({ maxDepth: 4 })
  .filter((value) => Buffer.from(JSON.stringify(value)).toString() === JSON.stringify(value));
const hex = fc.stringMatching(/^[0-9a-f]{32}$/);
const texts = fc.dictionary(wellFormedText, wellFormedText, { maxKeys: 4, noNullPrototype: true });

const facts = {
  key: fc.stringMatching(/^\d{1,19}$/),
  home: fc.integer({ min: 0, max: 1023 }),
  messageId: fc.stringMatching(/^\d{1,19}$/),
  traceId: hex,
  time: fc.nat({ max: 8_640_000_000_000_000 }),
  user: printable,
  rooms: fc.array(wellFormedText, { maxLength: 4 }),
};

function record(shape: object): fc.Arbitrary<UpstreamRecord> {
  return fc.record({ ...facts, ...shape } as typeof facts).map(
    ({ user, rooms, ...rest }) =>
      ({
        ...rest,
        socket: {
          id: rest.key,
          user,
          namespace: '/',
          rooms,
          transport: 'polling',
          address: '2001:db8::1',
          locale: 'de',
          authType: 'web',
          clientVersion: '4.8.1',
          protocol: 'engine.io/3',
        },
      }) as unknown as UpstreamRecord,
  );
}

const body = fc
  .tuple(fc.array(json, { maxLength: 4 }), fc.array(fc.uint8Array({ maxLength: 100 }), { maxLength: 3 }))
  .map(([values, attachments]) => ({
    args: JSON.stringify([...values, ...attachments.map((_, num) => ({ _placeholder: true, num }))]),
    attachments,
  }));

const records = fc.oneof(
  record({
    kind: fc.constant('connect'),
    auth: fc.oneof(
      fc.constant(null),
      fc.dictionary(fc.string({ unit: 'grapheme' }), json).map((value) => JSON.stringify(value)),
    ),
    query: texts,
    headers: texts,
  }),
  record({
    kind: fc.constant('message'),
    event: wellFormedText,
    body,
    ackId: fc.oneof(fc.constant(-1), fc.maxSafeNat()),
  }),
  record({ kind: fc.constant('disconnect'), reason: printable }),
);

/** Texts of JSON as values: spaces and the order of integer keys may differ after the trip. */
function comparable(one: UpstreamRecord): unknown {
  if (one.kind === 'connect') return { ...one, auth: one.auth === null ? null : JSON.parse(one.auth) };
  if (one.kind === 'disconnect') return one;
  const { args, attachments } = one.body;
  return { ...one, body: { args: JSON.parse(args), attachments: attachments.map((bytes) => [...bytes]) } };
}

function trip(one: UpstreamRecord): UpstreamRecord {
  const { value, headers } = encodeRecord(one, '1.2.3');
  return decodeRecord(one.key, value, headers);
}

describe('a record in Kafka', () => {
  it('survives the trip with all that it carries, whatever that is', () => {
    fc.assert(
      fc.property(records, (one) => {
        expect(comparable(trip(one))).toEqual(comparable(one));
      }),
      { numRuns: 1_000 },
    );
  });

  const message: UpstreamRecord = {
    key: '1',
    home: 3,
    messageId: '9',
    traceId: 'ab'.repeat(16),
    time: 5,
    socket: {
      id: '1',
      user: 'u',
      namespace: '/',
      rooms: ['r'],
      transport: 'websocket',
      address: '::1',
      locale: '',
      authType: '',
      clientVersion: '',
      protocol: 'socket.io/5',
    },
    kind: 'message',
    event: 'save',
    body: { args: '["x",{"file":{"_placeholder":true,"num":0}}]', attachments: [new Uint8Array([1, 2])] },
    ackId: -1,
  };

  it('has the value [event, ...args] with bytes as bin, which any MessagePack library reads', () => {
    expect(unpack(encodeRecord(message, '1').value)).toEqual(['save', 'x', { file: Buffer.from([1, 2]) }]);
  });

  it('keeps every room of a socket that is in very many', () => {
    const rooms = Array.from({ length: 2_000 }, (_, number) => `a rather long name of a room ${number}`);
    expect(trip({ ...message, socket: { ...message.socket, rooms } }).socket.rooms).toEqual(rooms);
  });

  it('frees what clients wrote of control characters, and cuts it to size without cutting a character', () => {
    const socket = { ...message.socket, locale: 'de\r\nX-Uid: admin', clientVersion: 'ü'.repeat(5_000) };
    const { headers } = encodeRecord({ ...message, socket }, '1');
    expect(headers['X-Locale']).toBe('deX-Uid: admin');
    expect(Buffer.byteLength(headers['X-Client-Version']!)).toBeLessThanOrEqual(4_096);
    expect(headers['X-Client-Version']).toMatch(/^ü+$/);
    expect(headers['X-Uid']).toBe('u');
  });

  it.each([
    ['nothing', []],
    ['no array', [0xa1, 0x61]],
    ['an empty array', [0x90]],
    ['an event that is no string', [0x91, 0x01]],
    ['bytes behind the end', [0x91, 0xa1, 0x61, 0x00]],
    ['an array cut short', [0x92, 0xa1, 0x61]],
    ['a forged length', [0xdd, 0xff, 0xff, 0xff, 0xff, 0xa1, 0x61]],
  ])('refuses a value that is %s', (_what, bytes) => {
    expect(() => decodeEvent(new Uint8Array(bytes))).toThrow(
      expect.objectContaining({ code: 'invalid_argument' }),
    );
  });

  it.each(['yesterday', '-1', 'NaN', '1e99'])('refuses the time %j, which no date could name', (time) => {
    const { value, headers } = encodeRecord(message, '1');
    for (const header of ['X-Time-Gateway', 'X-Time-Log']) {
      expect(() => decodeRecord('1', value, { ...headers, [header]: time })).toThrow(
        expect.objectContaining({ code: 'invalid_argument' }),
      );
    }
  });

  it.each([
    ['X-ID', ''],
    ['X-Message-ID', ''],
    ['X-Guid', '"room"'],
    ['X-Guid', '[1]'],
  ])('refuses %s: %s', (header, text) => {
    const { value, headers } = encodeRecord(message, '1');
    expect(() => decodeRecord('1', value, { ...headers, [header]: text })).toThrow(
      expect.objectContaining({ code: 'invalid_argument', message: expect.stringContaining(header) }),
    );
  });

  it('refuses an X-Event that nobody knows', () => {
    const { value, headers } = encodeRecord(message, '1');
    expect(() => decodeRecord('1', value, { ...headers, 'X-Event': 'Shout' })).toThrow(
      expect.objectContaining({ code: 'invalid_argument' }),
    );
  });
});

it('says in traceparent whether the trace is sampled, and that it may be while nobody decides', () => {
  fc.assert(
    fc.property(records, (one) => {
      const flags = (isSampled?: boolean) => encodeRecord(one, '1', isSampled).headers.traceparent?.slice(-3);
      expect([flags(), flags(true), flags(false)]).toEqual(['-01', '-01', '-00']);
    }),
    { numRuns: 10 },
  );
});
