import { createRequire } from 'node:module';
import type { EngineRevision, Frame } from '../../src/runtime/codec/engine-packet.ts';

/** The official parsers, the judges of ours, behind one small interface each. */
const load = createRequire(import.meta.url);

export interface OfficialPacket {
  type: number;
  nsp: string;
  data?: unknown;
  id?: number;
}

interface Emitting {
  on(event: 'decoded', listener: (packet: OfficialPacket) => void): void;
  add(message: string | Uint8Array): void;
}

export interface SocketParser {
  encode(packet: OfficialPacket): Frame[];
  /** Packets out of messages; throws as the parser does. */
  decode(messages: readonly Frame[]): OfficialPacket[];
}

function decodeWith(decoder: Emitting, messages: readonly Frame[]): OfficialPacket[] {
  const packets: OfficialPacket[] = [];
  decoder.on('decoded', (packet) => packets.push(packet));
  for (const message of messages) decoder.add(typeof message === 'string' ? message : Buffer.from(message));
  return packets;
}

const parser5 = load('socket.io-parser');
/** Socket.IO 3 and 4 (protocol 5). */
export const socketParser5: SocketParser = {
  encode: (packet) => new parser5.Encoder().encode(packet),
  decode: (messages) => decodeWith(new parser5.Decoder(), messages),
};

const parser4 = load('socket.io-parser-3');
/** Socket.IO 2 (protocol 4). The caller of its encoder says whether a packet is binary. */
export const socketParser4: SocketParser = {
  encode(packet) {
    let frames: Frame[] = [];
    new parser4.Encoder().encode(packet, (encoded: Frame[]) => {
      frames = encoded;
    });
    return frames;
  },
  decode: (messages) => decodeWith(new parser4.Decoder(), messages),
};

const msgpack = load('socket.io-msgpack-parser');
export const msgpackParser: SocketParser = {
  encode: (packet) => new msgpack.Encoder().encode(packet),
  decode: (messages) => decodeWith(new msgpack.Decoder(), messages),
};

/** Raw notepack.io, the format below the msgpack parser. */
export const notepackEncode: (value: unknown) => Buffer = load('notepack.io').encode;

export interface OfficialEnginePacket {
  type: string;
  data?: string | Buffer;
}

const engine4 = load('engine.io-parser');
const engine3 = load('engine.io-parser-2');

export const engineParser = {
  encodePayloadV4(packets: OfficialEnginePacket[]): string {
    let payload = '';
    engine4.encodePayload(packets, (encoded: string) => {
      payload = encoded;
    });
    return payload;
  },
  decodePayloadV4: (payload: string): OfficialEnginePacket[] => engine4.decodePayload(payload),
  encodePayloadV3(packets: OfficialEnginePacket[], supportsBinary: boolean): string | Buffer {
    let payload: string | Buffer = '';
    engine3.encodePayload(packets, supportsBinary, (encoded: string | Buffer) => {
      payload = encoded;
    });
    return payload;
  },
  decodePayloadV3(payload: string | Uint8Array): OfficialEnginePacket[] {
    const packets: OfficialEnginePacket[] = [];
    const collect = (packet: OfficialEnginePacket): void => {
      packets.push(packet);
    };
    if (typeof payload === 'string') engine3.decodePayload(payload, collect);
    else engine3.decodePayloadAsBinary(Buffer.from(payload), collect);
    return packets;
  },
  /** One packet as it goes on a WebSocket. */
  encodePacket(packet: OfficialEnginePacket, revision: EngineRevision): Frame {
    let frame: Frame = '';
    (revision === 4 ? engine4 : engine3).encodePacket(packet, true, (encoded: Frame) => {
      frame = encoded;
    });
    return frame;
  },
};
