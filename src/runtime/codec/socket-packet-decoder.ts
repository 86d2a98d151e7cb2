import { asciiText, nameText, utf8Text } from './byte-text.ts';
import type { CodecLimits } from './codec-limits.ts';
import type { EngineRevision } from './engine-packet.ts';
import { isReservedEvent } from './event-name.ts';
import { JsonScanner, skipWhiteSpace } from './json-scan.ts';
import { ParseError } from './parse-error.ts';
import { checkPlaceholders } from './placeholder.ts';
import { type SocketPacket, SocketPacketType } from './socket-packet.ts';

/**
 * Decodes the text form of Socket.IO packets, lazily: the payload is validated and kept as text.
 *
 * ```
 * <type>[<number of attachments>-][<namespace>,][<ack id>][<JSON payload>]
 * 2["hello",1]      51-/admin,12["file",{"_placeholder":true,"num":0}]      0/admin,{"token":"x"}
 * ```
 * Refuses what socket.io-parser 4 refuses, and beyond it: more than digits in numbers, unsafe ack ids, nesting
 * above `maxDepth`, placeholders that do not match the attachments one to one, packets without the payload or id
 * they need, and types only servers send.
 *
 * Source: Socket.IO protocol, "Packet encoding".
 */
export class SocketPacketDecoder {
  private readonly limits: CodecLimits;
  private readonly scanner: JsonScanner;

  constructor(limits: CodecLimits) {
    this.limits = limits;
    this.scanner = new JsonScanner(limits.maxDepth);
  }

  /**
   * Decodes `bytes[start..end)`, valid UTF-8, into `packet`. On an error the packet's fields mean nothing.
   * One byte of `bytes` is changed for a moment and restored before this returns; nothing of it is kept.
   */
  decode(
    bytes: Uint8Array,
    start: number,
    end: number,
    revision: EngineRevision,
    packet: SocketPacket,
  ): ParseError {
    if (start >= end) return ParseError.EMPTY_PACKET;
    const type = bytes[start]! - 0x30;
    switch (type) {
      case SocketPacketType.EVENT:
      case SocketPacketType.BINARY_EVENT:
        packet.reset(SocketPacketType.EVENT);
        break;
      case SocketPacketType.ACK:
      case SocketPacketType.BINARY_ACK:
        packet.reset(SocketPacketType.ACK);
        break;
      case SocketPacketType.CONNECT:
      case SocketPacketType.DISCONNECT:
        packet.reset(type);
        break;
      case SocketPacketType.CONNECT_ERROR:
        return ParseError.UNEXPECTED_PACKET_TYPE;
      default:
        return ParseError.UNKNOWN_SOCKET_PACKET_TYPE;
    }
    let pos = start + 1;
    if (type === SocketPacketType.BINARY_EVENT || type === SocketPacketType.BINARY_ACK) {
      pos = this.attachmentCount(bytes, pos, end, packet);
      if (pos < 0) return -pos as ParseError;
    }
    if (pos < end && bytes[pos] === SLASH) pos = namespace(bytes, pos, end, revision, packet);
    if (pos < end && isDigit(bytes[pos]!)) {
      pos = ackId(bytes, pos, end, packet);
      if (pos < 0) return -pos as ParseError;
    }
    switch (packet.type) {
      case SocketPacketType.EVENT:
        return this.event(bytes, pos, end, packet);
      case SocketPacketType.ACK:
        return packet.ackId < 0 ? ParseError.MISSING_ACK_ID : this.ack(bytes, pos, end, packet);
      case SocketPacketType.CONNECT:
        return packet.ackId < 0 ? this.connect(bytes, pos, end, packet) : ParseError.UNEXPECTED_ACK_ID;
      case SocketPacketType.DISCONNECT:
        if (packet.ackId >= 0) return ParseError.UNEXPECTED_ACK_ID;
        return pos === end ? ParseError.NONE : ParseError.ILLEGAL_PAYLOAD;
    }
  }

  private attachmentCount(bytes: Uint8Array, start: number, end: number, packet: SocketPacket): number {
    let pos = start;
    let count = 0;
    while (pos < end && isDigit(bytes[pos]!)) {
      count = count * 10 + (bytes[pos++]! - ZERO);
      if (count > this.limits.maxAttachments) return -ParseError.TOO_MANY_ATTACHMENTS;
    }
    if (count === 0 || pos >= end || bytes[pos] !== MINUS) return -ParseError.ILLEGAL_ATTACHMENT_COUNT;
    packet.awaitedAttachments = count;
    return pos + 1;
  }

  private event(bytes: Uint8Array, start: number, end: number, packet: SocketPacket): ParseError {
    if (start >= end || bytes[start] !== OPEN_ARRAY) return ParseError.ILLEGAL_PAYLOAD;
    const nameStart = skipWhiteSpace(bytes, start + 1, end);
    if (nameStart >= end) return ParseError.ILLEGAL_JSON;
    const scanner = this.scanner;
    scanner.ascii = true;
    let pos: number;
    if (bytes[nameStart] === DOUBLE_QUOTE) {
      pos = scanner.string(bytes, nameStart + 1, end);
      if (pos < 0) return -pos as ParseError;
      packet.event = eventName(bytes, nameStart + 1, pos - 1);
      if (isReservedEvent(packet.event)) return ParseError.RESERVED_EVENT_NAME;
    } else {
      if (bytes[nameStart] !== MINUS && !isDigit(bytes[nameStart]!)) return ParseError.ILLEGAL_EVENT_NAME;
      pos = scanner.value(bytes, nameStart, end);
      if (pos < 0) return -pos as ParseError;
      packet.event = String(Number(asciiText(bytes, nameStart, pos)));
    }
    const behindName = skipWhiteSpace(bytes, pos, end);
    const after = scanner.restOfArray(bytes, behindName, end);
    if (after < 0) return -after as ParseError;
    if (skipWhiteSpace(bytes, after, end) !== end) return ParseError.TRAILING_BYTES;
    if (bytes[behindName] === COMMA) {
      // The comma behind the name turns into the opening bracket of the arguments: one copy instead of two.
      bytes[behindName] = OPEN_ARRAY;
      packet.args = scanner.ascii ? asciiText(bytes, behindName, after) : utf8Text(bytes, behindName, after);
      bytes[behindName] = COMMA;
    }
    return packet.awaitedAttachments === 0
      ? ParseError.NONE
      : checkPlaceholders(packet.args, packet.awaitedAttachments);
  }

  private ack(bytes: Uint8Array, start: number, end: number, packet: SocketPacket): ParseError {
    if (start >= end || bytes[start] !== OPEN_ARRAY) return ParseError.ILLEGAL_PAYLOAD;
    this.scanner.ascii = true;
    const after = this.scanner.value(bytes, start, end);
    if (after < 0) return -after as ParseError;
    if (skipWhiteSpace(bytes, after, end) !== end) return ParseError.TRAILING_BYTES;
    packet.args = this.scanner.ascii ? asciiText(bytes, start, after) : utf8Text(bytes, start, after);
    return packet.awaitedAttachments === 0
      ? ParseError.NONE
      : checkPlaceholders(packet.args, packet.awaitedAttachments);
  }

  private connect(bytes: Uint8Array, start: number, end: number, packet: SocketPacket): ParseError {
    if (start >= end) return ParseError.NONE;
    if (bytes[start] !== OPEN_OBJECT) return ParseError.ILLEGAL_PAYLOAD;
    const after = this.scanner.value(bytes, start, end);
    if (after < 0) return -after as ParseError;
    if (skipWhiteSpace(bytes, after, end) !== end) return ParseError.TRAILING_BYTES;
    packet.payload = utf8Text(bytes, start, after);
    return ParseError.NONE;
  }
}

function namespace(
  bytes: Uint8Array,
  start: number,
  end: number,
  revision: EngineRevision,
  packet: SocketPacket,
): number {
  let pos = start;
  let query = -1;
  while (pos < end && bytes[pos] !== COMMA) {
    if (query < 0 && revision === 3 && bytes[pos] === QUESTION_MARK) query = pos;
    pos++;
  }
  packet.namespace = nameText(bytes, start, query < 0 ? pos : query);
  if (query >= 0) packet.query = utf8Text(bytes, query + 1, pos);
  return pos < end ? pos + 1 : pos;
}

function ackId(bytes: Uint8Array, start: number, end: number, packet: SocketPacket): number {
  let pos = start;
  let id = 0;
  while (pos < end && isDigit(bytes[pos]!)) {
    id = id * 10 + (bytes[pos++]! - ZERO);
    if (id > Number.MAX_SAFE_INTEGER) return -ParseError.ILLEGAL_ACK_ID;
  }
  packet.ackId = id;
  return pos;
}

/** The string whose content, valid by the scan, is `bytes[start..end)`. */
function eventName(bytes: Uint8Array, start: number, end: number): string {
  for (let i = start; i < end; i++) {
    if (bytes[i] === BACKSLASH) return JSON.parse(`"${utf8Text(bytes, start, end)}"`) as string;
  }
  return nameText(bytes, start, end);
}

function isDigit(byte: number): boolean {
  return byte >= ZERO && byte <= NINE;
}

const DOUBLE_QUOTE = 0x22;
const COMMA = 0x2c;
const MINUS = 0x2d;
const SLASH = 0x2f;
const ZERO = 0x30;
const NINE = 0x39;
const QUESTION_MARK = 0x3f;
const OPEN_ARRAY = 0x5b;
const BACKSLASH = 0x5c;
const OPEN_OBJECT = 0x7b;
