import { EnginePacketType } from '../codec/engine-packet.ts';
import { engineRevision, Flavour, isMsgpack, isSocketIo } from '../codec/flavour.ts';
import { SocketPacketType } from '../codec/socket-packet.ts';

const ENGINE = namesOf(EnginePacketType);
const SOCKET = namesOf(SocketPacketType);
const MESSAGE = 'message';
/** A map of msgpack, or of JSON, whose first key is `type`. */
const PACKED = /^(?:[\x80-\x8f]|\xde..)\xa4type/s;
const WRITTEN = /^\{"type":([0-6])/;
/** Bytes at the start of a packet in which its type can be seen. */
export const HEAD = 16;

/**
 * What people call a packet: Engine.IO's word, or Socket.IO's for a message that carries one of its packets.
 *
 * @param head its first bytes as Latin-1 text, with the Engine.IO type in front where it travels with one
 * @param isRevealed whether the client has shown its parser
 */
export function typeOfFrame(head: string, isBinary: boolean, flavour: Flavour, isRevealed: boolean): string {
  if (flavour === Flavour.WEBSOCKET) return MESSAGE;
  const revision = engineRevision(flavour);
  if (isBinary && revision === 4) return typeOfMessage(head, true, flavour, isRevealed);
  // A binary message of a client that takes none (`b64=1`) is written in base64: its type cannot be seen.
  if (!isBinary && head.startsWith('b'))
    return isSocketIo(flavour) && !isMsgpack(flavour) ? 'attachment' : MESSAGE;
  const type = ENGINE[isBinary ? head.charCodeAt(0) : head.charCodeAt(0) - 0x30];
  if (type !== MESSAGE) return type ?? 'illegal';
  return typeOfMessage(head.slice(1), isBinary, flavour, isRevealed);
}

/** The same for a packet whose Engine.IO type is known: `head` begins behind it. */
export function typeOfPacket(
  type: EnginePacketType,
  head: string,
  isBinary: boolean,
  flavour: Flavour,
  isRevealed: boolean,
): string {
  return type === EnginePacketType.MESSAGE
    ? typeOfMessage(head, isBinary, flavour, isRevealed)
    : ENGINE[type]!;
}

function typeOfMessage(head: string, isBinary: boolean, flavour: Flavour, isRevealed: boolean): string {
  if (!isSocketIo(flavour)) return MESSAGE;
  if (isMsgpack(flavour) || !isRevealed) {
    const key = isBinary ? PACKED.exec(head) : null;
    const type = key === null ? WRITTEN.exec(head)?.[1] : head.charCodeAt(key[0].length);
    if (type !== undefined) return SOCKET[Number(type)] ?? 'illegal';
    // The first packet is no attachment of another.
    if (isMsgpack(flavour) || isBinary) return MESSAGE;
  }
  if (isBinary) return 'attachment';
  return SOCKET[head.charCodeAt(0) - 0x30] ?? 'illegal';
}

/** Names by number, in lower case with spaces. */
function namesOf(types: Readonly<Record<string, number>>): readonly string[] {
  const names: string[] = [];
  for (const [name, type] of Object.entries(types)) names[type] = name.toLowerCase().replaceAll('_', ' ');
  return names;
}
