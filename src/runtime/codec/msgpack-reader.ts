import { copyOf, nameText, utf8Text } from './byte-text.ts';
import type { CodecLimits } from './codec-limits.ts';
import { isPlain } from './json-scan.ts';
import { ParseError } from './parse-error.ts';
import { placeholderText } from './placeholder.ts';

/**
 * Turns MessagePack values into JSON text, in one pass and without building them. Lengths are believed only as
 * far as the input reaches.
 *
 * What JSON has no word for:
 * - binary values, also notepack's ArrayBuffer (extension 0 with a length byte), become placeholders; their bytes,
 *   copied, go to `attachments`;
 * - `undefined` (notepack: fixext 1, type 0) is left out of maps and is `null` in arrays, as `JSON.stringify` has it;
 * - a Date (notepack: fixext 8, type 0) becomes its ISO 8601 string, `null` when it is out of range;
 * - NaN and infinities become `null`; integers beyond 2^53 are rounded as in the official parser;
 * - map keys that are integers become decimal strings, other keys than strings are `ILLEGAL_MSGPACK`;
 * - any other extension is `UNSUPPORTED_MSGPACK_EXTENSION`;
 * - text that is not UTF-8 gets U+FFFD, as in the official parser.
 *
 * Keys are text, so `__proto__` is a key like others. After an error `error` is set and everything read is void.
 *
 * Source: MessagePack specification; notepack.io 2.2, which socket.io-msgpack-parser uses.
 */
export class MsgpackReader {
  error: ParseError = ParseError.NONE;
  pos: number;
  readonly attachments: Uint8Array[] = [];
  /** Whether a map looked like a placeholder of its own: `{"_placeholder":true,…}`. */
  forged = false;
  private readonly bytes: Uint8Array;
  private readonly view: DataView;
  private readonly end: number;
  private readonly limits: CodecLimits;
  private attachmentBytes = 0;

  constructor(bytes: Uint8Array, start: number, end: number, limits: CodecLimits) {
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, end);
    this.pos = start;
    this.end = end;
    this.limits = limits;
  }

  /** Number of pairs of the map that starts here, or -1. */
  mapHeader(): number {
    const prefix = this.unsigned(1);
    let pairs = -1;
    if (prefix >= 0x80 && prefix < 0x90) pairs = prefix & 0x0f;
    else if (prefix === 0xde) pairs = this.unsigned(2);
    else if (prefix === 0xdf) pairs = this.unsigned(4);
    return this.error === ParseError.NONE && pairs >= 0 && pairs * 2 <= this.end - this.pos ? pairs : -1;
  }

  /** Number of elements of the array that starts here, or -1 when no (whole) array starts here; nothing is read then. */
  arrayHeader(): number {
    const start = this.pos;
    const prefix = this.unsigned(1);
    let length = -1;
    if (prefix >= 0x90 && prefix < 0xa0) length = prefix & 0x0f;
    else if (prefix === 0xdc) length = this.unsigned(2);
    else if (prefix === 0xdd) length = this.unsigned(4);
    if (this.error === ParseError.NONE && length >= 0 && length <= this.end - this.pos) return length;
    this.pos = start;
    return -1;
  }

  /** JSON text of the next value, `''` for `undefined` and after an error. `depth` is the nesting it stands in. */
  value(depth: number): string {
    const prefix = this.unsigned(1);
    if (this.error !== ParseError.NONE) return '';
    if (prefix < 0x80) return `${prefix}`;
    if (prefix < 0x90) return this.map(prefix & 0x0f, depth + 1);
    if (prefix < 0xa0) return this.array(prefix & 0x0f, depth + 1);
    if (prefix < 0xc0) return this.string(prefix & 0x1f);
    if (prefix > 0xdf) return `${prefix - 0x100}`;
    switch (prefix) {
      case 0xc0:
        return 'null';
      case 0xc2:
        return 'false';
      case 0xc3:
        return 'true';
      case 0xc4:
        return this.binary(this.unsigned(1));
      case 0xc5:
        return this.binary(this.unsigned(2));
      case 0xc6:
        return this.binary(this.unsigned(4));
      case 0xc7:
        return this.arrayBuffer(this.unsigned(1));
      case 0xc8:
        return this.arrayBuffer(this.unsigned(2));
      case 0xc9:
        return this.arrayBuffer(this.unsigned(4));
      case 0xca:
        return this.take(4) ? float(this.view.getFloat32(this.pos - 4)) : '';
      case 0xcb:
        return this.take(8) ? float(this.view.getFloat64(this.pos - 8)) : '';
      case 0xcc:
        return `${this.unsigned(1)}`;
      case 0xcd:
        return `${this.unsigned(2)}`;
      case 0xce:
        return `${this.unsigned(4)}`;
      case 0xcf:
        return `${this.unsigned(4) * 2 ** 32 + this.unsigned(4)}`;
      case 0xd0:
        return this.take(1) ? `${this.view.getInt8(this.pos - 1)}` : '';
      case 0xd1:
        return this.take(2) ? `${this.view.getInt16(this.pos - 2)}` : '';
      case 0xd2:
        return this.take(4) ? `${this.view.getInt32(this.pos - 4)}` : '';
      case 0xd3:
        return `${this.signed64()}`;
      case 0xd4:
        return this.undefinedValue();
      case 0xd7:
        return this.date();
      case 0xd5:
      case 0xd6:
      case 0xd8:
        return this.fail(ParseError.UNSUPPORTED_MSGPACK_EXTENSION);
      case 0xd9:
        return this.string(this.unsigned(1));
      case 0xda:
        return this.string(this.unsigned(2));
      case 0xdb:
        return this.string(this.unsigned(4));
      case 0xdc:
        return this.array(this.unsigned(2), depth + 1);
      case 0xdd:
        return this.array(this.unsigned(4), depth + 1);
      case 0xde:
        return this.map(this.unsigned(2), depth + 1);
      case 0xdf:
        return this.map(this.unsigned(4), depth + 1);
      default:
        return this.fail(ParseError.ILLEGAL_MSGPACK);
    }
  }

  fail(error: ParseError): string {
    if (this.error === ParseError.NONE) this.error = error;
    this.pos = this.end;
    return '';
  }

  private array(length: number, depth: number): string {
    if (depth > this.limits.maxDepth) return this.fail(ParseError.NESTED_TOO_DEEP);
    if (length > this.end - this.pos) return this.fail(ParseError.ILLEGAL_MSGPACK);
    let text = '[';
    for (let i = 0; i < length && this.error === ParseError.NONE; i++) {
      const element = this.value(depth) || 'null';
      text += i === 0 ? element : `,${element}`;
    }
    return `${text}]`;
  }

  private map(pairs: number, depth: number): string {
    if (depth > this.limits.maxDepth) return this.fail(ParseError.NESTED_TOO_DEEP);
    if (pairs * 2 > this.end - this.pos) return this.fail(ParseError.ILLEGAL_MSGPACK);
    let text = '{';
    for (let i = 0; i < pairs && this.error === ParseError.NONE; i++) {
      const key = this.key();
      const value = this.value(depth);
      if (value === '') continue;
      if (key === '"_placeholder"' && value === 'true') this.forged = true;
      text += text.length === 1 ? `${key}:${value}` : `,${key}:${value}`;
    }
    return `${text}}`;
  }

  /** A map's key as JSON string. */
  key(): string {
    if (this.pos >= this.end) return this.fail(ParseError.ILLEGAL_MSGPACK);
    const prefix = this.bytes[this.pos]!;
    if ((prefix >= 0xa0 && prefix < 0xc0) || (prefix >= 0xd9 && prefix <= 0xdb)) return this.value(0);
    if (prefix < 0x80 || prefix > 0xdf || (prefix >= 0xcc && prefix <= 0xd3)) return `"${this.value(0)}"`;
    return this.fail(ParseError.ILLEGAL_MSGPACK);
  }

  private string(length: number): string {
    const start = this.pos;
    if (!this.take(length)) return '';
    if (isPlain(this.bytes, start, this.pos)) return `"${nameText(this.bytes, start, this.pos)}"`;
    return JSON.stringify(utf8Text(this.bytes, start, this.pos));
  }

  private binary(length: number): string {
    const start = this.pos;
    if (!this.take(length)) return '';
    if (this.attachments.length === this.limits.maxAttachments) {
      return this.fail(ParseError.TOO_MANY_ATTACHMENTS);
    }
    this.attachmentBytes += length;
    if (this.attachmentBytes > this.limits.maxAttachmentBytes) {
      return this.fail(ParseError.ATTACHMENTS_TOO_LARGE);
    }
    return placeholderText(this.attachments.push(copyOf(this.bytes, start, this.pos)) - 1);
  }

  private arrayBuffer(length: number): string {
    return this.extensionType() ? this.binary(length) : '';
  }

  private undefinedValue(): string {
    if (this.extensionType()) this.take(1);
    return '';
  }

  private date(): string {
    if (!this.extensionType()) return '';
    const date = new Date(this.signed64());
    return Number.isNaN(date.getTime()) ? 'null' : `"${date.toISOString()}"`;
  }

  private extensionType(): boolean {
    if (this.unsigned(1) !== 0) this.fail(ParseError.UNSUPPORTED_MSGPACK_EXTENSION);
    return this.error === ParseError.NONE;
  }

  private signed64(): number {
    if (!this.take(8)) return 0;
    return this.view.getInt32(this.pos - 8) * 2 ** 32 + this.view.getUint32(this.pos - 4);
  }

  private unsigned(size: 1 | 2 | 4): number {
    if (!this.take(size)) return 0;
    const at = this.pos - size;
    return size === 1 ? this.bytes[at]! : size === 2 ? this.view.getUint16(at) : this.view.getUint32(at);
  }

  /** Goes `length` bytes on, if there are that many. */
  private take(length: number): boolean {
    if (length > this.end - this.pos) this.fail(ParseError.ILLEGAL_MSGPACK);
    else this.pos += length;
    return this.error === ParseError.NONE;
  }
}

function float(value: number): string {
  return Number.isFinite(value) ? JSON.stringify(value) : 'null';
}
