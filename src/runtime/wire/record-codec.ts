import { Packr } from 'msgpackr';
import type { Body } from '../codec/body.ts';
import { valuesOf } from '../codec/msgpack-packet-encoder.ts';
import { MsgpackReader } from '../codec/msgpack-reader.ts';
import { HoldfastError } from '../errors/holdfast-error.ts';
import type { UpstreamRecord } from '../ports/upstream-log.ts';
import type { ProtocolName, SocketDescription } from '../socket-description.ts';
import { EVENTS, type Headers, recordHeaders, TIME_HEADERS } from './record-headers.ts';

const packr = new Packr({ useRecords: false, variableMapSize: true });

/** What our own gateways write is within these already; what others write has to be. */
const LIMITS = {
  maxDepth: 512,
  maxAttachments: 10_000,
  maxAttachmentBytes: 64 * 1024 * 1024,
  maxPacketsPerPayload: 1,
};

/** The last millisecond that a date can name. */
const MAX_TIME = 8_640_000_000_000_000;

/** A record as Kafka carries it: value `[event, ...args]` in MessagePack with bytes as bin, the rest in headers. */
export function encodeRecord(
  record: UpstreamRecord,
  version: string,
  isSampled = true,
): { value: Buffer; headers: Headers } {
  return { value: encodeValue(record), headers: recordHeaders(record, version, isSampled) };
}

/** Throws `HoldfastError('invalid_argument')` for what is no record. */
export function decodeRecord(key: string, value: Uint8Array, headers: Headers): UpstreamRecord {
  const { event, body } = decodeEvent(value);
  const socket = socketOf(headers);
  const home = Number(headers['X-Node'] ?? -1);
  const messageId = required(headers, 'X-Message-ID');
  const traceId = headers['X-Trace-ID'] ?? '';
  const time = timeOf(headers, 'gateway');
  const logged = headers[TIME_HEADERS.log] === undefined ? undefined : timeOf(headers, 'log');
  switch (headers['X-Event']) {
    case EVENTS.connect: {
      const auth = body.args.slice(1, -1);
      return {
        kind: 'connect',
        key,
        socket,
        home,
        messageId,
        traceId,
        time,
        logged,
        auth: auth === '' || auth === 'null' ? null : auth,
        query: JSON.parse(headers['X-Query'] ?? '{}'),
        headers: JSON.parse(headers['X-Headers'] ?? '{}'),
      };
    }
    case EVENTS.message: {
      const ackId = Number(headers['X-Ack-ID'] ?? -1);
      return { kind: 'message', key, socket, home, messageId, traceId, time, logged, event, body, ackId };
    }
    case EVENTS.disconnect: {
      const reason = String((JSON.parse(body.args) as unknown[])[0] ?? '');
      return { kind: 'disconnect', key, socket, home, messageId, traceId, time, logged, reason };
    }
    default:
      throw new HoldfastError('invalid_argument', `X-Event is "${headers['X-Event'] ?? ''}"`);
  }
}

/** `[event, ...args]` as an event name and a body; bytes become attachments. */
export function decodeEvent(value: Uint8Array): { event: string; body: Body } {
  const reader = new MsgpackReader(value, 0, value.length, LIMITS);
  const length = reader.arrayHeader();
  if (length < 1)
    throw new HoldfastError('invalid_argument', 'the value is no MessagePack array [event, ...args]');
  const texts: string[] = [];
  for (let index = 0; index < length; index++) texts.push(reader.value(0));
  if (reader.error !== 0 || reader.pos !== value.length) {
    throw new HoldfastError('invalid_argument', 'the value is no MessagePack array [event, ...args]');
  }
  const event: unknown = JSON.parse(texts[0]!);
  if (typeof event !== 'string') throw new HoldfastError('invalid_argument', 'the event is no string');
  return { event, body: { args: `[${texts.slice(1).join(',')}]`, attachments: reader.attachments } };
}

/** The opposite of `decodeEvent`. */
export function encodeEvent(event: string, body: Body): Buffer {
  return Buffer.from(packr.pack([event, ...valuesOf(body)]));
}

function encodeValue(record: UpstreamRecord): Buffer {
  switch (record.kind) {
    case 'connect':
      return Buffer.from(packr.pack(['connect', record.auth === null ? null : JSON.parse(record.auth)]));
    case 'message':
      return encodeEvent(record.event, record.body);
    case 'disconnect':
      return Buffer.from(packr.pack(['disconnect', record.reason]));
    default:
      return record satisfies never;
  }
}

/** Backends get it as a date: what is none must not come to them. */
function timeOf(headers: Headers, stage: 'gateway' | 'log'): number {
  const time = Number(headers[TIME_HEADERS[stage]] ?? 0);
  if (time >= 0 && time <= MAX_TIME) return time;
  throw new HoldfastError('invalid_argument', `${TIME_HEADERS[stage]} is no time in ms since 1970`);
}

function required(headers: Headers, name: 'X-ID' | 'X-Message-ID'): string {
  const { [name]: value = '' } = headers;
  if (value === '') throw new HoldfastError('invalid_argument', `${name} is missing`);
  return value;
}

function roomsOf(text: string): string[] {
  const rooms: unknown = JSON.parse(text);
  if (Array.isArray(rooms) && rooms.every((room) => typeof room === 'string')) return rooms;
  throw new HoldfastError('invalid_argument', 'X-Guid is no JSON array of strings');
}

function socketOf(headers: Headers): SocketDescription {
  return {
    id: required(headers, 'X-ID'),
    user: headers['X-Uid'] ?? '',
    namespace: headers['X-Namespace'] ?? '/',
    rooms: roomsOf(headers['X-Guid'] ?? '[]'),
    transport: headers['X-Transport'] === 'polling' ? 'polling' : 'websocket',
    address: headers['X-Address'] ?? '',
    locale: headers['X-Locale'] ?? '',
    authType: headers['X-Auth-Type'] ?? '',
    clientVersion: headers['X-Client-Version'] ?? '',
    protocol: (headers['X-Protocol'] ?? 'socket.io/5') as ProtocolName,
  };
}
