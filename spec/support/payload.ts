/**
 * Polling payloads, written and read by hand: the judges must not share a line with what they judge.
 * A packet is its text form, or bytes for a binary message.
 */
export type Packet = string | Buffer;

const RECORD_SEPARATOR = '\x1e';

/** Engine.IO 4: packets separated by U+001E, binary as `b` + base64. */
export function writePayload4(packets: readonly Packet[]): string {
  return packets
    .map((packet) => (typeof packet === 'string' ? packet : `b${packet.toString('base64')}`))
    .join(RECORD_SEPARATOR);
}

export function readPayload4(text: string): Packet[] {
  return text
    .split(RECORD_SEPARATOR)
    .map((packet) => (packet.startsWith('b') ? Buffer.from(packet.slice(1), 'base64') : packet));
}

/** Engine.IO 3, text form: `<length in UTF-16 units>:<packet>`, binary as `b4` + base64. */
export function writePayload3(packets: readonly Packet[]): string {
  return packets
    .map((packet) => (typeof packet === 'string' ? packet : `b4${packet.toString('base64')}`))
    .map((packet) => `${packet.length}:${packet}`)
    .join('');
}

export function readPayload3(text: string): Packet[] {
  const packets: Packet[] = [];
  let at = 0;
  while (at < text.length) {
    const colon = text.indexOf(':', at);
    const length = Number(text.slice(at, colon));
    if (colon < 0 || !Number.isInteger(length)) throw new Error(`not an Engine.IO 3 payload: ${text}`);
    const packet = text.slice(colon + 1, colon + 1 + length);
    packets.push(packet.startsWith('b4') ? Buffer.from(packet.slice(2), 'base64') : packet);
    at = colon + 1 + length;
  }
  return packets;
}

/** Engine.IO 3, binary form: 0 (text) or 1 (binary), the length as one digit a byte, 0xFF, the packet. */
export function writeBinaryPayload3(packets: readonly Packet[]): Buffer {
  return Buffer.concat(
    packets.map((packet) => {
      const body = typeof packet === 'string' ? Buffer.from(packet) : Buffer.concat([Buffer.of(4), packet]);
      const digits = [...String(body.length)].map(Number);
      return Buffer.concat([Buffer.of(typeof packet === 'string' ? 0 : 1, ...digits, 255), body]);
    }),
  );
}

export function readBinaryPayload3(bytes: Buffer): Packet[] {
  const packets: Packet[] = [];
  let at = 0;
  while (at < bytes.length) {
    const isBinary = bytes[at] === 1;
    const end = bytes.indexOf(255, at);
    const length = Number(bytes.subarray(at + 1, end).join(''));
    const body = bytes.subarray(end + 1, end + 1 + length);
    packets.push(isBinary ? Buffer.from(body.subarray(1)) : body.toString());
    at = end + 1 + length;
  }
  return packets;
}
