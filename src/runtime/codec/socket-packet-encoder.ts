import type { Body } from './body.ts';
import type { EngineRevision } from './engine-packet.ts';
import { prepend } from './json-array.ts';
import { SocketPacketType } from './socket-packet.ts';

/**
 * Text forms of the packets a server sends, without the Engine.IO type in front. Attachments follow as binary
 * messages. See `socket-packet-decoder.ts` for the syntax.
 */
export function eventText(namespace: string, event: string, body: Body, ackId: number): string {
  const count = body.attachments.length;
  const type = count === 0 ? `${SocketPacketType.EVENT}` : `${SocketPacketType.BINARY_EVENT}${count}-`;
  return type + address(namespace, ackId) + prepend(JSON.stringify(event), body.args);
}

export function ackText(namespace: string, ackId: number, body: Body): string {
  const count = body.attachments.length;
  const type = count === 0 ? `${SocketPacketType.ACK}` : `${SocketPacketType.BINARY_ACK}${count}-`;
  return type + address(namespace, ackId) + body.args;
}

/** `payload`: JSON text of an object (revision 4: `{"sid":…}`), or `null` (revision 3). */
export function connectText(namespace: string, payload: string | null): string {
  return `${SocketPacketType.CONNECT}${address(namespace, -1)}${payload ?? ''}`;
}

/** See `connectErrorPayload`. */
export function connectErrorText(namespace: string, payload: string): string {
  return `${SocketPacketType.CONNECT_ERROR}${address(namespace, -1)}${payload}`;
}

export function disconnectText(namespace: string): string {
  return `${SocketPacketType.DISCONNECT}${address(namespace, -1)}`;
}

/**
 * Why a client may not join a namespace, as JSON text. Revision 4: `{"message":…,"data":…}`. Revision 3, whose
 * packet is called ERROR: `data` when there is one, else the message as a plain string.
 *
 * @param data JSON text, or `null`
 */
export function connectErrorPayload(message: string, data: string | null, revision: EngineRevision): string {
  if (revision === 3) return data ?? JSON.stringify(message);
  const text = JSON.stringify(message);
  return data === null ? `{"message":${text}}` : `{"message":${text},"data":${data}}`;
}

function address(namespace: string, ackId: number): string {
  const id = ackId < 0 ? '' : `${ackId}`;
  return namespace === '/' ? id : `${namespace},${id}`;
}
