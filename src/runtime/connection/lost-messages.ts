import type { Frame } from '../codec/engine-packet.ts';
import { Flavour, isMsgpack, isSocketIo } from '../codec/flavour.ts';
import type { Connection } from './connection.ts';

/** How many messages wait in a connection's outbox: those of the engine itself and attachments are none. */
export function waitingMessages({ outbox, flavour }: Connection): number {
  if (outbox === null) return 0;
  let messages = 0;
  for (const frame of outbox) if (isMessage(frame, flavour)) messages++;
  return messages;
}

function isMessage(frame: Frame, flavour: Flavour): boolean {
  if (flavour === Flavour.WEBSOCKET) return true;
  if (typeof frame !== 'string') return !isSocketIo(flavour) || isMsgpack(flavour);
  return frame.startsWith('4') && (!isSocketIo(flavour) || EVENTS_AND_ACKS.includes(frame.charAt(1)));
}

/** Socket.IO packet types EVENT, ACK, BINARY_EVENT and BINARY_ACK. */
const EVENTS_AND_ACKS = '2356';
