import { utf8Text } from './byte-text.ts';
import type { CodecLimits } from './codec-limits.ts';
import type { EngineRevision } from './engine-packet.ts';
import { isReservedEvent } from './event-name.ts';
import { JsonScanner } from './json-scan.ts';
import { MsgpackReader } from './msgpack-reader.ts';
import { ParseError } from './parse-error.ts';
import { type DecodedPacketType, NO_ACK, type SocketPacket, SocketPacketType } from './socket-packet.ts';

/**
 * Decodes packets of the official `socket.io-msgpack-parser`: one binary message with the whole packet,
 * `{type, data, nsp, id?}`. Other fields are skipped (official clients send `options`). Values become JSON text and
 * attachments as `MsgpackReader` says.
 *
 * ```
 * 83 a4 type 02 a4 data 92 a5 hello c4 01 ff a3 nsp a1 /       event "hello" with the bytes ff
 * ```
 */
export class MsgpackPacketDecoder {
  private readonly limits: CodecLimits;
  private readonly scanner: JsonScanner;

  constructor(limits: CodecLimits) {
    this.limits = limits;
    this.scanner = new JsonScanner(limits.maxDepth);
  }

  /** Decodes `bytes[start..end)` into `packet`. On an error the packet's fields mean nothing. */
  decode(
    bytes: Uint8Array,
    start: number,
    end: number,
    revision: EngineRevision,
    packet: SocketPacket,
  ): ParseError {
    if (start >= end) return ParseError.EMPTY_PACKET;
    const reader = new MsgpackReader(bytes, start, end, this.limits);
    const fields = new PacketFields();
    const pairs = reader.mapHeader();
    if (pairs < 0) return ParseError.ILLEGAL_MSGPACK;
    for (let i = 0; i < pairs; i++) {
      const error = fields.read(reader);
      if (error !== ParseError.NONE) return error;
    }
    if (reader.pos !== end) return ParseError.TRAILING_BYTES;
    if (reader.forged && reader.attachments.length > 0) return ParseError.ILLEGAL_PLACEHOLDER;
    return fields.fill(packet, reader.attachments, revision);
  }

  /**
   * Decodes the text packets of parser 2, for Socket.IO 2: its CONNECT and DISCONNECT are JSON,
   * `{"type":1,"nsp":"/"}`. Parser 3 sends no text.
   */
  decodeText(
    bytes: Uint8Array,
    start: number,
    end: number,
    revision: EngineRevision,
    packet: SocketPacket,
  ): ParseError {
    if (start >= end) return ParseError.EMPTY_PACKET;
    const after = this.scanner.value(bytes, start, end);
    if (after < 0) return -after as ParseError;
    if (after !== end) return ParseError.TRAILING_BYTES;
    const value = JSON.parse(utf8Text(bytes, start, end)) as {
      type?: unknown;
      nsp?: unknown;
      data?: unknown;
    } | null;
    const type = value?.type;
    if (type !== SocketPacketType.CONNECT && type !== SocketPacketType.DISCONNECT) {
      return ParseError.UNEXPECTED_PACKET_TYPE;
    }
    if (typeof value?.nsp !== 'string' || value.data !== undefined) return ParseError.ILLEGAL_PAYLOAD;
    packet.reset(type);
    setNamespace(packet, value.nsp, revision);
    return ParseError.NONE;
  }
}

/** The fields of a packet, which may come in any order, as JSON texts. */
class PacketFields {
  private type = '';
  private nsp = '';
  private id = '';
  /** `data` that is not an array. */
  private data = '';
  /** `data` that is an array: its first element and the others, each with a comma in front. `null`: no array. */
  private first: string | null = null;
  private rest = '';
  private length = 0;
  private readonly seen = new Set<string>();

  read(reader: MsgpackReader): ParseError {
    const key = reader.key();
    if (this.seen.has(key)) return ParseError.DUPLICATE_FIELD;
    switch (key) {
      case '"type"':
        this.type = reader.value(0);
        break;
      case '"nsp"':
        this.nsp = reader.value(0);
        break;
      case '"id"':
        this.id = reader.value(0);
        break;
      case '"data"':
        this.readData(reader);
        break;
      default: {
        const before = reader.attachments.length;
        reader.value(0);
        if (reader.attachments.length !== before) return ParseError.ILLEGAL_MSGPACK;
        return reader.error;
      }
    }
    this.seen.add(key);
    return reader.error;
  }

  private readData(reader: MsgpackReader): void {
    this.length = reader.arrayHeader();
    if (this.length < 0) {
      this.data = reader.value(0);
      return;
    }
    this.first = this.length === 0 ? '' : reader.value(1) || 'null';
    for (let i = 1; i < this.length && reader.error === ParseError.NONE; i++) {
      this.rest += `,${reader.value(1) || 'null'}`;
    }
  }

  fill(packet: SocketPacket, attachments: readonly Uint8Array[], revision: EngineRevision): ParseError {
    const type = decodedType(this.type, revision);
    if (type < 0) return -type as ParseError;
    packet.reset(type as DecodedPacketType);
    if (this.nsp.charCodeAt(0) !== DOUBLE_QUOTE) return ParseError.ILLEGAL_PAYLOAD;
    setNamespace(packet, JSON.parse(this.nsp) as string, revision);
    if (this.id !== '') {
      if (!/^[0-9]+$/.test(this.id)) return ParseError.ILLEGAL_ACK_ID;
      packet.ackId = Number(this.id);
      if (packet.ackId > Number.MAX_SAFE_INTEGER) return ParseError.ILLEGAL_ACK_ID;
    }
    switch (packet.type) {
      case SocketPacketType.CONNECT:
        return this.fillConnect(packet, attachments);
      case SocketPacketType.DISCONNECT:
        if (packet.ackId !== NO_ACK) return ParseError.UNEXPECTED_ACK_ID;
        // python-socketio writes nil where others leave the field out.
        if (this.first !== null || (this.data !== '' && this.data !== 'null'))
          return ParseError.ILLEGAL_PAYLOAD;
        return ParseError.NONE;
      case SocketPacketType.EVENT:
        packet.attachments = attachments;
        return this.fillEvent(packet);
      case SocketPacketType.ACK:
        if (packet.ackId === NO_ACK) return ParseError.MISSING_ACK_ID;
        if (this.first === null) return ParseError.ILLEGAL_PAYLOAD;
        packet.attachments = attachments;
        packet.args = `[${this.first}${this.rest}]`;
        return ParseError.NONE;
    }
  }

  private fillConnect(packet: SocketPacket, attachments: readonly Uint8Array[]): ParseError {
    if (packet.ackId !== NO_ACK) return ParseError.UNEXPECTED_ACK_ID;
    if (this.first !== null || attachments.length > 0) return ParseError.ILLEGAL_PAYLOAD;
    if (this.data === '') return ParseError.NONE;
    if (this.data.charCodeAt(0) !== OPEN_OBJECT) return ParseError.ILLEGAL_PAYLOAD;
    packet.payload = this.data;
    return ParseError.NONE;
  }

  private fillEvent(packet: SocketPacket): ParseError {
    if (this.first === null || this.length === 0) return ParseError.ILLEGAL_PAYLOAD;
    const first = this.first.charCodeAt(0);
    if (first === DOUBLE_QUOTE) packet.event = JSON.parse(this.first) as string;
    else if (first === MINUS || (first >= ZERO && first <= NINE)) packet.event = this.first;
    else return ParseError.ILLEGAL_EVENT_NAME;
    if (isReservedEvent(packet.event)) return ParseError.RESERVED_EVENT_NAME;
    packet.args = `[${this.rest.slice(1)}]`;
    return ParseError.NONE;
  }
}

/** Clients of revision 3 may put a query behind the namespace. */
function setNamespace(packet: SocketPacket, namespace: string, revision: EngineRevision): void {
  const query = revision === 3 ? namespace.indexOf('?') : -1;
  packet.namespace = query < 0 ? namespace : namespace.slice(0, query);
  packet.query = query < 0 ? '' : namespace.slice(query + 1);
}

function decodedType(text: string, revision: EngineRevision): DecodedPacketType | number {
  switch (text) {
    case '0':
      return SocketPacketType.CONNECT;
    case '1':
      return SocketPacketType.DISCONNECT;
    case '2':
      return SocketPacketType.EVENT;
    case '3':
      return SocketPacketType.ACK;
    // Parser 2, for Socket.IO 2, marks packets with binary values; parser 3 does not.
    case '5':
      return revision === 3 ? SocketPacketType.EVENT : -ParseError.UNKNOWN_SOCKET_PACKET_TYPE;
    case '6':
      return revision === 3 ? SocketPacketType.ACK : -ParseError.UNKNOWN_SOCKET_PACKET_TYPE;
    case '4':
      return -ParseError.UNEXPECTED_PACKET_TYPE;
    default:
      return -ParseError.UNKNOWN_SOCKET_PACKET_TYPE;
  }
}

const DOUBLE_QUOTE = 0x22;
const MINUS = 0x2d;
const ZERO = 0x30;
const NINE = 0x39;
const OPEN_OBJECT = 0x7b;
