import type { ConnectionEvent } from '../../machines/connection-vocabulary.ts';
import { AttachmentAssembler } from '../codec/attachment-assembler.ts';
import { binaryMessageBody, textMessageBody } from '../codec/bare-message.ts';
import { decodeBase64Frame, isBase64Frame } from '../codec/base64-frame.ts';
import type { Body } from '../codec/body.ts';
import type { CodecLimits } from '../codec/codec-limits.ts';
import {
  binaryPacketTypeV3,
  type EnginePacket,
  EnginePacketType,
  textPacketType,
} from '../codec/engine-packet.ts';
import { engineRevision, Flavour, flavourOfFirstMessage, isMsgpack, isSocketIo } from '../codec/flavour.ts';
import { MsgpackPacketDecoder } from '../codec/msgpack-packet-decoder.ts';
import { isTooLarge, ParseError } from '../codec/parse-error.ts';
import { SocketPacket } from '../codec/socket-packet.ts';
import { SocketPacketDecoder } from '../codec/socket-packet-decoder.ts';
import type { TokenBuckets } from '../limits/token-bucket.ts';
import { COUNTER } from '../metrics/counter-slots.ts';
import type { Counters } from '../metrics/counters.ts';
import type { Connection } from './connection.ts';
import { type ConnectionTable, Flag } from './connection-table.ts';
import type { PacketObserver } from './packet-observer.ts';

/** What packets turn into. The connection's actor takes machine events, the sockets take Socket.IO packets. */
export interface InboundSinks {
  readonly signal: (connection: Connection, event: ConnectionEvent) => void;
  readonly packet: (connection: Connection, packet: SocketPacket) => void;
  /** A message of a bare Engine.IO or WebSocket client. */
  readonly message: (connection: Connection, body: Body) => void;
  /** A packet other than ping and pong came. */
  readonly heard: (connection: Connection) => void;
  readonly refused: (connection: Connection, error: ParseError) => void;
  /** The first message shows that the client has another parser than was assumed. */
  readonly revealed: (connection: Connection, flavour: Flavour) => void;
}

/**
 * Bytes of a client → packets. Nothing of the bytes is kept: what outlives the call is copied by the decoders.
 *
 * Source: Engine.IO protocol, "Packet encoding"; Socket.IO protocol, "Packet encoding".
 */
export class Inbound {
  /** Set it to watch; costs one branch per packet while null. */
  observer: PacketObserver | null = null;
  private readonly sinks: InboundSinks;
  private readonly table: ConnectionTable;
  private readonly counters: Counters;
  private readonly limits: CodecLimits;
  private readonly messageLimits: TokenBuckets | null;
  private readonly decoder: SocketPacketDecoder;
  private readonly msgpack: MsgpackPacketDecoder;
  /** Filled anew by every decode. */
  private readonly scratch = new SocketPacket();

  constructor(
    sinks: InboundSinks,
    table: ConnectionTable,
    counters: Counters,
    limits: CodecLimits,
    messageLimits: TokenBuckets | null,
  ) {
    this.messageLimits = messageLimits;
    this.sinks = sinks;
    this.table = table;
    this.counters = counters;
    this.limits = limits;
    this.decoder = new SocketPacketDecoder(limits);
    this.msgpack = new MsgpackPacketDecoder(limits);
  }

  /** One WebSocket message of an open connection. */
  frame(connection: Connection, bytes: Uint8Array, isBinary: boolean): void {
    this.counters.bytesReceived += bytes.length;
    if (this.observer !== null) this.observer.frameCame(connection, bytes, isBinary);
    if (connection.flavour === Flavour.WEBSOCKET) {
      this.sinks.heard(connection);
      return isBinary
        ? this.binaryMessage(connection, bytes, 0, bytes.length)
        : this.textMessage(connection, bytes, 0, bytes.length);
    }
    if (!isBinary) {
      if (isBase64Frame(bytes, 0, bytes.length)) return this.base64Frame(connection, bytes);
      const type = textPacketType(bytes, 0, bytes.length);
      if (type < 0) return this.sinks.refused(connection, -type as ParseError);
      return this.packet(connection, type as EnginePacketType, false, bytes, 1, bytes.length);
    }
    if (engineRevision(connection.flavour) === 4) {
      return this.packet(connection, EnginePacketType.MESSAGE, true, bytes, 0, bytes.length);
    }
    const type = binaryPacketTypeV3(bytes, 0, bytes.length);
    if (type < 0) return this.sinks.refused(connection, -type as ParseError);
    this.packet(connection, type as EnginePacketType, true, bytes, 1, bytes.length);
  }

  /** A binary message of a client that cannot send binary frames (`b64=1`). */
  private base64Frame(connection: Connection, bytes: Uint8Array): void {
    const packet = decodeBase64Frame(bytes, 0, bytes.length, engineRevision(connection.flavour));
    if (typeof packet === 'number') return this.sinks.refused(connection, packet);
    this.packet(connection, packet.type, true, packet.bytes, packet.start, packet.end);
  }

  /** The packets of one POST, in order; stops when one of them ends the connection. */
  payload(connection: Connection, packets: readonly EnginePacket[]): void {
    for (let i = 0; i < packets.length; i++) {
      if (connection.reason !== null) return;
      const { type, binary, bytes, start, end } = packets[i];
      this.counters.bytesReceived += end - start + 1;
      if (this.observer !== null) this.observer.packetCame(connection, packets[i]);
      this.packet(connection, type, binary, bytes, start, end);
    }
  }

  private packet(
    connection: Connection,
    type: EnginePacketType,
    isBinary: boolean,
    bytes: Uint8Array,
    start: number,
    end: number,
  ): void {
    switch (type) {
      case EnginePacketType.MESSAGE:
        this.sinks.heard(connection);
        return isBinary
          ? this.binaryMessage(connection, bytes, start, end)
          : this.textMessage(connection, bytes, start, end);
      case EnginePacketType.PING:
        return this.sinks.signal(connection, 'PING_RECEIVED');
      case EnginePacketType.PONG:
        return this.sinks.signal(connection, 'PONG_RECEIVED');
      case EnginePacketType.CLOSE:
        return this.sinks.signal(connection, 'CLOSE_PACKET_RECEIVED');
      case EnginePacketType.NOOP:
        return;
      case EnginePacketType.OPEN:
      case EnginePacketType.UPGRADE:
        // A client never opens, and `5` belongs on a candidate WebSocket.
        return this.sinks.refused(connection, ParseError.UNEXPECTED_PACKET_TYPE);
      default:
        return type satisfies never;
    }
  }

  private textMessage(connection: Connection, bytes: Uint8Array, start: number, end: number): void {
    if (this.exceedsRate(connection)) return;
    this.counters.messagesReceived++;
    const { flavour } = connection;
    if (!isSocketIo(flavour)) {
      return this.sinks.message(connection, textMessageBody(bytes, start, end));
    }
    if (connection.assembler !== null) {
      return this.sinks.refused(connection, ParseError.TEXT_WHILE_ATTACHMENTS_AWAITED);
    }
    this.revealParser(connection, false, bytes[start]);
    const packet = this.scratch;
    const revision = engineRevision(flavour);
    // The msgpack parser for Socket.IO 2 writes its CONNECT and DISCONNECT as JSON objects in text.
    const error = isMsgpack(connection.flavour)
      ? this.msgpack.decodeText(bytes, start, end, revision, packet)
      : this.decoder.decode(bytes, start, end, revision, packet);
    if (error !== ParseError.NONE) return this.sinks.refused(connection, error);
    if (packet.awaitedAttachments > 0) {
      connection.assembler = new AttachmentAssembler(packet, this.limits);
      return;
    }
    this.sinks.packet(connection, packet);
  }

  private binaryMessage(connection: Connection, bytes: Uint8Array, start: number, end: number): void {
    if (this.exceedsRate(connection)) return;
    const { flavour } = connection;
    if (!isSocketIo(flavour)) {
      this.counters.messagesReceived++;
      return this.sinks.message(connection, binaryMessageBody(bytes, start, end));
    }
    if (connection.assembler !== null) return this.attachment(connection, bytes, start, end);
    this.revealParser(connection, true, bytes[start]);
    if (isMsgpack(connection.flavour)) return this.msgpackMessage(connection, bytes, start, end);
    this.sinks.refused(connection, ParseError.UNEXPECTED_BINARY);
  }

  private msgpackMessage(connection: Connection, bytes: Uint8Array, start: number, end: number): void {
    this.counters.messagesReceived++;
    const packet = this.scratch;
    const error = this.msgpack.decode(bytes, start, end, engineRevision(connection.flavour), packet);
    if (error !== ParseError.NONE) return this.sinks.refused(connection, error);
    this.sinks.packet(connection, packet);
  }

  private attachment(connection: Connection, bytes: Uint8Array, start: number, end: number): void {
    const assembler = connection.assembler!;
    const error = assembler.add(bytes, start, end);
    if (error !== ParseError.NONE) return this.sinks.refused(connection, error);
    if (!assembler.complete) return;
    connection.assembler = null;
    const packet = this.scratch;
    const body = assembler.body();
    packet.reset(assembler.type);
    packet.namespace = assembler.namespace;
    packet.ackId = assembler.ackId;
    packet.event = assembler.event;
    packet.args = body.args;
    packet.attachments = body.attachments;
    this.sinks.packet(connection, packet);
  }

  private exceedsRate(connection: Connection): boolean {
    if (this.messageLimits === null || this.messageLimits.take(connection.row)) return false;
    this.counters.add(COUNTER.messagesDropped['rate limit']);
    this.sinks.signal(connection, 'RATE_LIMIT_EXCEEDED');
    return true;
  }

  /** The first message of a Socket.IO connection shows its parser. */
  private revealParser(connection: Connection, isBinary: boolean, firstByte: number): void {
    const { flags } = this.table;
    if ((flags[connection.row] & Flag.parserUnknown) === 0) return;
    flags[connection.row] &= ~Flag.parserUnknown;
    const flavour = flavourOfFirstMessage(isBinary, engineRevision(connection.flavour), firstByte);
    if (flavour !== connection.flavour) this.sinks.revealed(connection, flavour);
  }
}

export function reasonOf(error: ParseError): 'PARSE_FAILED' | 'PAYLOAD_TOO_LARGE' {
  return isTooLarge(error) ? 'PAYLOAD_TOO_LARGE' : 'PARSE_FAILED';
}
