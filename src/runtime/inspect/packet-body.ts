import type { PacketFrame } from '../film/film.ts';
import { TOKEN_EVENT } from '../socket/logins.ts';

type Body = Pick<PacketFrame, 'body' | 'encoding'>;

/** Longer ones are left out, bytes. */
const MOST = 16_384;
/** They bear a sid, or a token. */
const PRIVATE: ReadonlySet<string> = new Set(['open', 'connect']);
const EVENTS: ReadonlySet<string> = new Set(['event', 'binary event']);
/** The start of an event as which a client sends its new token, with namespace and ack id in front of it or not. */
const RENEWAL = new RegExp(`^4?[25](?:\\d+-)?(?:/[^,]*,)?\\d*\\[\\s*"${TOKEN_EVENT}"`);

/** What a film may show of a packet, where it may show bodies at all. */
export function bodyOf(type: string, bytes: Uint8Array, isBinary: boolean, isSocketIo: boolean): Body {
  if (bytes.length === 0 || bytes.length > MOST || PRIVATE.has(type)) return {};
  if (isSocketIo && isUnseen(type, isBinary)) return {};
  const content = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  if (!isBinary) {
    const text = content.toString('utf8');
    return RENEWAL.test(text) ? {} : { body: text };
  }
  // Events of the msgpack parser: the name stands in them as it is.
  if (EVENTS.has(type) && content.includes(TOKEN_EVENT)) return {};
  return { body: content.toString('base64'), encoding: 'base64' };
}

/** A map of msgpack may have its fields in any order and its numbers at any length: it may be one that bears a token. */
function isUnseen(type: string, isBinary: boolean): boolean {
  return type === 'message' || (type === 'illegal' && isBinary);
}
