import type { EnginePacket, Frame } from '../codec/engine-packet.ts';
import type { Flavour } from '../codec/flavour.ts';
import type { Socket } from '../socket/socket.ts';
import type { Connection } from './connection.ts';

export type TransportName = 'polling' | 'websocket';

/** Sees the packets of watched connections. Bytes are valid during the call only. */
export interface PacketObserver {
  /** A WebSocket message came, on the transport or on a candidate. */
  frameCame(connection: Connection, bytes: Uint8Array, isBinary: boolean): void;
  /** A packet out of a POST. */
  packetCame(connection: Connection, packet: EnginePacket): void;
  /** A frame was handed to this transport. */
  frameWent(connection: Connection, transport: TransportName, frame: Frame): void;
  /** Something came or went that has no bytes of its own in a packet: a ping frame, a close frame, a POST that is none. */
  signCame(connection: Connection, transport: TransportName, type: string, size: number): void;
  signWent(connection: Connection, transport: TransportName, type: string, size: number): void;
  /** The socket library was asked to write to all sockets of which `reaches` is true, to each in its flavour. */
  published(reaches: (socket: Socket) => boolean, framesOf: (flavour: Flavour) => readonly Frame[]): void;
}
