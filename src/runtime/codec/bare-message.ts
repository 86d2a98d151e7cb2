import { type Body, EMPTY_BODY, NO_ATTACHMENTS } from './body.ts';
import { copyOf, utf8Text } from './byte-text.ts';
import { binaryMessageFrame, EnginePacketType, type Frame } from './engine-packet.ts';
import { engineRevision, Flavour } from './flavour.ts';
import { firstElement } from './json-array.ts';
import { isPlaceholder, placeholderText } from './placeholder.ts';

/**
 * Messages of clients without Socket.IO packets: engine.io and plain WebSocket. Each message is event `message`
 * with one argument, text as a string, bytes as an attachment; a push writes its first argument.
 */
export const BARE_EVENT = 'message';

export type BareFlavour = typeof Flavour.ENGINE_V4 | typeof Flavour.ENGINE_V3 | typeof Flavour.WEBSOCKET;

/** `bytes[start..end)`: valid UTF-8, the message without its Engine.IO type. */
export function textMessageBody(bytes: Uint8Array, start: number, end: number): Body {
  return { args: `[${JSON.stringify(utf8Text(bytes, start, end))}]`, attachments: NO_ATTACHMENTS };
}

export function binaryMessageBody(bytes: Uint8Array, start: number, end: number): Body {
  return { args: ONE_PLACEHOLDER, attachments: [copyOf(bytes, start, end)] };
}

/**
 * The first argument as a frame: a string as text, binary as bytes, anything else as its JSON text, nothing at
 * all as empty text.
 */
export function bareFrame(flavour: BareFlavour, body: Body): Frame {
  const message = firstArgument(body);
  if (typeof message !== 'string') return binaryMessageFrame(message, engineRevision(flavour));
  return flavour === Flavour.WEBSOCKET ? message : `${EnginePacketType.MESSAGE}${message}`;
}

function firstArgument(body: Body): string | Uint8Array {
  if (body === EMPTY_BODY) return '';
  const text = firstElement(body.args);
  if (text === null) return '';
  if (text.startsWith('"')) return JSON.parse(text) as string;
  if (body.attachments.length > 0 && text.startsWith('{')) {
    const value: unknown = JSON.parse(text);
    if (isPlaceholder(value) && typeof value.num === 'number') return body.attachments[value.num] ?? text;
  }
  return text;
}

const ONE_PLACEHOLDER = `[${placeholderText(0)}]`;
