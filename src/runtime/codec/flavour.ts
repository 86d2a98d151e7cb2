import type { ProtocolName } from '../socket-description.ts';
import type { EngineRevision } from './engine-packet.ts';

/**
 * The kinds of clients that differ in the bytes they are sent. Small integers: indexes of arrays, and cheap in a
 * connection's row.
 */
export const Flavour = {
  /** Socket.IO protocol 5, default parser, over Engine.IO 4. */
  JSON_V4: 0,
  /** Socket.IO protocol 3 and 4, default parser, over Engine.IO 3. */
  JSON_V3: 1,
  /** `socket.io-msgpack-parser` over Engine.IO 4. */
  MSGPACK_V4: 2,
  /** `socket.io-msgpack-parser` over Engine.IO 3. */
  MSGPACK_V3: 3,
  /** Engine.IO 4 without Socket.IO on top. */
  ENGINE_V4: 4,
  /** Engine.IO 3 without Socket.IO on top. */
  ENGINE_V3: 5,
  /** Plain WebSocket. */
  WEBSOCKET: 6,
} as const;

export type Flavour = (typeof Flavour)[keyof typeof Flavour];
export const FLAVOURS: readonly Flavour[] = Object.values(Flavour);

/** Flavours with Socket.IO packets, hence namespaces and acks. */
export type SocketIoFlavour =
  | typeof Flavour.JSON_V4
  | typeof Flavour.JSON_V3
  | typeof Flavour.MSGPACK_V4
  | typeof Flavour.MSGPACK_V3;

export function isSocketIo(flavour: Flavour): flavour is SocketIoFlavour {
  return flavour <= Flavour.MSGPACK_V3;
}

export function isMsgpack(flavour: Flavour): boolean {
  return flavour === Flavour.MSGPACK_V4 || flavour === Flavour.MSGPACK_V3;
}

/** How binary messages are framed. A plain WebSocket frames as revision 4 does: not at all. */
export function engineRevision(flavour: Flavour): EngineRevision {
  switch (flavour) {
    case Flavour.JSON_V3:
    case Flavour.MSGPACK_V3:
    case Flavour.ENGINE_V3:
      return 3;
    case Flavour.JSON_V4:
    case Flavour.MSGPACK_V4:
    case Flavour.ENGINE_V4:
    case Flavour.WEBSOCKET:
      return 4;
  }
}

/**
 * Flavour of a Socket.IO client by its first message: the default parser's first packet is text that starts with a
 * digit, the msgpack parser's is binary, or, for Socket.IO 2, may be text that is JSON.
 */
export function flavourOfFirstMessage(
  binary: boolean,
  revision: EngineRevision,
  firstByte?: number,
): SocketIoFlavour {
  if (revision === 4) return binary ? Flavour.MSGPACK_V4 : Flavour.JSON_V4;
  return binary || firstByte === OPEN_OBJECT ? Flavour.MSGPACK_V3 : Flavour.JSON_V3;
}

const OPEN_OBJECT = 0x7b;

export function protocolName(flavour: Flavour): ProtocolName {
  switch (flavour) {
    case Flavour.JSON_V4:
    case Flavour.MSGPACK_V4:
      return 'socket.io/5';
    case Flavour.JSON_V3:
    case Flavour.MSGPACK_V3:
      return 'socket.io/4';
    case Flavour.ENGINE_V4:
      return 'engine.io/4';
    case Flavour.ENGINE_V3:
      return 'engine.io/3';
    case Flavour.WEBSOCKET:
      return 'websocket';
  }
}
