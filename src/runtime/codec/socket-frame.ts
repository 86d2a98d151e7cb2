import type { Body } from './body.ts';
import { binaryMessageFrame, EnginePacketType, type Frame } from './engine-packet.ts';
import { engineRevision, isMsgpack, type SocketIoFlavour } from './flavour.ts';
import {
  ackMessage,
  connectErrorMessage,
  connectMessage,
  disconnectMessage,
  eventMessage,
} from './msgpack-packet-encoder.ts';
import {
  ackText,
  connectErrorPayload,
  connectErrorText,
  connectText,
  disconnectText,
  eventText,
} from './socket-packet-encoder.ts';

/**
 * Socket.IO packets a server sends, as the frames that carry them: the packet, then its attachments, each with
 * its Engine.IO type. All frames of one packet must leave one behind the other.
 */
export function eventFrames(
  flavour: SocketIoFlavour,
  namespace: string,
  event: string,
  body: Body,
  ackId: number,
): readonly Frame[] {
  if (isMsgpack(flavour)) return [binary(flavour, eventMessage(namespace, event, body, ackId))];
  return withAttachments(flavour, MESSAGE + eventText(namespace, event, body, ackId), body);
}

export function ackFrames(
  flavour: SocketIoFlavour,
  namespace: string,
  ackId: number,
  body: Body,
): readonly Frame[] {
  if (isMsgpack(flavour)) return [binary(flavour, ackMessage(namespace, ackId, body))];
  return withAttachments(flavour, MESSAGE + ackText(namespace, ackId, body), body);
}

/** `payload`: JSON text of an object (revision 4: `{"sid":…}`), or `null` (revision 3). */
export function connectFrame(flavour: SocketIoFlavour, namespace: string, payload: string | null): Frame {
  if (isMsgpack(flavour)) return binary(flavour, connectMessage(namespace, payload));
  return MESSAGE + connectText(namespace, payload);
}

/** CONNECT_ERROR, in revision 3 ERROR. `data`: JSON text, or `null`. */
export function connectErrorFrame(
  flavour: SocketIoFlavour,
  namespace: string,
  message: string,
  data: string | null,
): Frame {
  const payload = connectErrorPayload(message, data, engineRevision(flavour));
  if (isMsgpack(flavour)) return binary(flavour, connectErrorMessage(namespace, payload));
  return MESSAGE + connectErrorText(namespace, payload);
}

export function disconnectFrame(flavour: SocketIoFlavour, namespace: string): Frame {
  if (isMsgpack(flavour)) return binary(flavour, disconnectMessage(namespace));
  return MESSAGE + disconnectText(namespace);
}

function withAttachments(flavour: SocketIoFlavour, text: string, body: Body): readonly Frame[] {
  const frames: Frame[] = [text];
  for (const attachment of body.attachments) frames.push(binary(flavour, attachment));
  return frames;
}

function binary(flavour: SocketIoFlavour, message: Uint8Array): Uint8Array {
  return binaryMessageFrame(message, engineRevision(flavour));
}

const MESSAGE = `${EnginePacketType.MESSAGE}`;
