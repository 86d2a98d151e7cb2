import { Packr } from 'msgpackr';
import type { Body } from './body.ts';
import { isPlaceholder } from './placeholder.ts';
import { SocketPacketType } from './socket-packet.ts';

/**
 * Packets a server sends to clients with the official `socket.io-msgpack-parser`: bytes of one binary message,
 * without the Engine.IO type in front.
 */
const packr = new Packr({ useRecords: false, variableMapSize: true });

export function eventMessage(namespace: string, event: string, body: Body, ackId: number): Uint8Array {
  const data = [event, ...valuesOf(body)];
  return pack(
    ackId < 0
      ? { type: SocketPacketType.EVENT, data, nsp: namespace }
      : { type: SocketPacketType.EVENT, data, nsp: namespace, id: ackId },
  );
}

export function ackMessage(namespace: string, ackId: number, body: Body): Uint8Array {
  return pack({ type: SocketPacketType.ACK, data: valuesOf(body), nsp: namespace, id: ackId });
}

/** `payload`: JSON text of an object, or `null`. */
export function connectMessage(namespace: string, payload: string | null): Uint8Array {
  const type = SocketPacketType.CONNECT;
  return pack(
    payload === null ? { type, nsp: namespace } : { type, data: JSON.parse(payload), nsp: namespace },
  );
}

/** `payload`: see `connectErrorPayload`. */
export function connectErrorMessage(namespace: string, payload: string): Uint8Array {
  return pack({ type: SocketPacketType.CONNECT_ERROR, data: JSON.parse(payload), nsp: namespace });
}

export function disconnectMessage(namespace: string): Uint8Array {
  return pack({ type: SocketPacketType.DISCONNECT, nsp: namespace });
}

/** The arguments with their bytes in place of the placeholders. */
export function valuesOf({ args, attachments }: Body): unknown[] {
  if (attachments.length === 0) return JSON.parse(args) as unknown[];
  return JSON.parse(args, (_key, value: unknown) => {
    if (!isPlaceholder(value) || typeof value.num !== 'number') return value;
    return attachments[value.num] ?? value;
  }) as unknown[];
}

/** A copy: packr hands out parts of a buffer it shares between messages. */
function pack(packet: object): Uint8Array {
  return new Uint8Array(packr.pack(packet));
}
