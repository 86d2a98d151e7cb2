import { MAX_DEPTH } from './codec-limits.ts';
import { ParseError } from './parse-error.ts';

/**
 * Validates JSON text (RFC 8259) in bytes without building what it describes.
 *
 * All methods return the offset after what they scanned, or `-ParseError` (`ILLEGAL_JSON`, `NESTED_TOO_DEEP`).
 * They check syntax, not UTF-8: WebSocket text frames were checked by the socket library, polling payloads by
 * `payload-v3.ts` / `payload-v4.ts`.
 *
 * One scanner serves the whole process: it keeps only its depth stack and `ascii` between calls.
 */
export class JsonScanner {
  /** Whether every byte scanned since `ascii` was last set to true is below 0x80. */
  ascii = true;
  private readonly maxDepth: number;
  /** Closing bracket awaited at each depth. */
  private readonly closers: Uint8Array;

  constructor(maxDepth: number = MAX_DEPTH) {
    this.maxDepth = maxDepth;
    this.closers = new Uint8Array(maxDepth + 1);
  }

  /** One JSON value with white space before it. Depth counts from `depth`. */
  value(bytes: Uint8Array, start: number, end: number, depth = 0): number {
    return this.run(bytes, start, end, depth, false);
  }

  /** The rest of an array that is already open, from just behind one of its elements to behind its `]`. */
  restOfArray(bytes: Uint8Array, start: number, end: number): number {
    this.closers[1] = CLOSE_ARRAY;
    return this.run(bytes, start, end, 1, true);
  }

  /** A string, from behind its opening quote to behind its closing one. */
  string(bytes: Uint8Array, start: number, end: number): number {
    let pos = start;
    for (;;) {
      while (
        pos + 4 <= end &&
        (STRING_BYTE[bytes[pos]!]! |
          STRING_BYTE[bytes[pos + 1]!]! |
          STRING_BYTE[bytes[pos + 2]!]! |
          STRING_BYTE[bytes[pos + 3]!]!) ===
          PLAIN
      )
        pos += 4;
      while (pos < end && STRING_BYTE[bytes[pos]!] === PLAIN) pos++;
      if (pos >= end) return -ParseError.ILLEGAL_JSON;
      const kind = STRING_BYTE[bytes[pos]!]!;
      if (kind === QUOTE) return pos + 1;
      if (kind === CONTROL) return -ParseError.ILLEGAL_JSON;
      if (kind === ESCAPE) {
        pos = escapeSequence(bytes, pos + 1, end);
        if (pos < 0) return pos;
      } else {
        this.ascii = false;
        do pos++;
        while (pos < end && STRING_BYTE[bytes[pos]!] === HIGH);
      }
    }
  }

  private run(bytes: Uint8Array, start: number, end: number, base: number, afterValue: boolean): number {
    const closers = this.closers;
    const floor = afterValue ? base - 1 : base;
    let depth = base;
    let pos = start;
    let behindValue = afterValue;
    for (;;) {
      if (!behindValue) {
        pos = skipWhiteSpace(bytes, pos, end);
        if (pos >= end) return -ParseError.ILLEGAL_JSON;
        const byte = bytes[pos]!;
        if (byte === DOUBLE_QUOTE) {
          pos = this.string(bytes, pos + 1, end);
        } else if (byte === OPEN_OBJECT || byte === OPEN_ARRAY) {
          if (++depth > this.maxDepth) return -ParseError.NESTED_TOO_DEEP;
          // In ASCII both closing brackets stand two places behind their opening ones.
          const closer = byte + 2;
          closers[depth] = closer;
          pos = skipWhiteSpace(bytes, pos + 1, end);
          if (pos < end && bytes[pos] === closer) {
            depth--;
            pos++;
          } else if (byte === OPEN_OBJECT) {
            pos = this.key(bytes, pos, end);
            if (pos < 0) return pos;
            continue;
          } else continue;
        } else if (byte === MINUS || (byte >= ZERO && byte <= NINE)) {
          pos = number(bytes, pos, end);
        } else {
          pos = literal(bytes, pos, end);
        }
        if (pos < 0) return pos;
      }
      behindValue = false;
      for (;;) {
        if (depth === floor) return pos;
        pos = skipWhiteSpace(bytes, pos, end);
        if (pos >= end) return -ParseError.ILLEGAL_JSON;
        const byte = bytes[pos++]!;
        if (byte === COMMA) {
          if (closers[depth] === CLOSE_OBJECT) {
            pos = this.key(bytes, skipWhiteSpace(bytes, pos, end), end);
            if (pos < 0) return pos;
          }
          break;
        }
        if (byte !== closers[depth]) return -ParseError.ILLEGAL_JSON;
        depth--;
      }
    }
  }

  /** An object's key and the colon behind it. */
  private key(bytes: Uint8Array, start: number, end: number): number {
    if (start >= end || bytes[start] !== DOUBLE_QUOTE) return -ParseError.ILLEGAL_JSON;
    let pos = this.string(bytes, start + 1, end);
    if (pos < 0) return pos;
    pos = skipWhiteSpace(bytes, pos, end);
    return pos < end && bytes[pos] === COLON ? pos + 1 : -ParseError.ILLEGAL_JSON;
  }
}

/** Whether `bytes[start..end)` stand for themselves inside a JSON string: ASCII without quotes, backslashes, controls. */
export function isPlain(bytes: Uint8Array, start: number, end: number): boolean {
  for (let i = start; i < end; i++) {
    if (STRING_BYTE[bytes[i]!] !== PLAIN) return false;
  }
  return true;
}

export function skipWhiteSpace(bytes: Uint8Array, start: number, end: number): number {
  let pos = start;
  while (pos < end) {
    const byte = bytes[pos]!;
    if (byte > 0x20 || (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09)) break;
    pos++;
  }
  return pos;
}

function number(bytes: Uint8Array, start: number, end: number): number {
  let pos = start;
  if (bytes[pos] === MINUS) pos++;
  if (pos >= end) return -ParseError.ILLEGAL_JSON;
  if (bytes[pos] === ZERO) pos++;
  else {
    pos = digits(bytes, pos, end);
    if (pos < 0) return pos;
  }
  if (pos < end && bytes[pos] === DOT) {
    pos = digits(bytes, pos + 1, end);
    if (pos < 0) return pos;
  }
  if (pos < end && (bytes[pos]! | 0x20) === SMALL_E) {
    pos++;
    if (pos < end && (bytes[pos] === PLUS || bytes[pos] === MINUS)) pos++;
    pos = digits(bytes, pos, end);
  }
  return pos;
}

/** One digit or more. */
function digits(bytes: Uint8Array, start: number, end: number): number {
  let pos = start;
  while (pos < end && bytes[pos]! >= ZERO && bytes[pos]! <= NINE) pos++;
  return pos === start ? -ParseError.ILLEGAL_JSON : pos;
}

function literal(bytes: Uint8Array, start: number, end: number): number {
  const first = bytes[start];
  const word = first === SMALL_T ? TRUE : first === SMALL_F ? FALSE : first === SMALL_N ? NULL : NO_WORD;
  const after = start + word.length;
  if (word.length === 0 || after > end) return -ParseError.ILLEGAL_JSON;
  for (let i = 1; i < word.length; i++) {
    if (bytes[start + i] !== word[i]) return -ParseError.ILLEGAL_JSON;
  }
  return after;
}

/** What follows a backslash. */
function escapeSequence(bytes: Uint8Array, start: number, end: number): number {
  if (start >= end) return -ParseError.ILLEGAL_JSON;
  const byte = bytes[start]!;
  if (byte !== SMALL_U) return ESCAPABLE[byte] === 1 ? start + 1 : -ParseError.ILLEGAL_JSON;
  const after = start + 5;
  if (after > end) return -ParseError.ILLEGAL_JSON;
  for (let i = start + 1; i < after; i++) {
    if (HEX_DIGIT[bytes[i]!] === 0) return -ParseError.ILLEGAL_JSON;
  }
  return after;
}

const DOUBLE_QUOTE = 0x22;
const PLUS = 0x2b;
const COMMA = 0x2c;
const MINUS = 0x2d;
const DOT = 0x2e;
const ZERO = 0x30;
const NINE = 0x39;
const COLON = 0x3a;
const OPEN_ARRAY = 0x5b;
const CLOSE_ARRAY = 0x5d;
const SMALL_E = 0x65;
const SMALL_F = 0x66;
const SMALL_N = 0x6e;
const SMALL_T = 0x74;
const SMALL_U = 0x75;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;

const TRUE = Uint8Array.from(Buffer.from('true'));
const FALSE = Uint8Array.from(Buffer.from('false'));
const NULL = Uint8Array.from(Buffer.from('null'));
const NO_WORD = new Uint8Array(0);

/** What a byte means inside a string. */
const PLAIN = 0;
const QUOTE = 1;
const ESCAPE = 2;
const CONTROL = 4;
const HIGH = 8;
const STRING_BYTE = new Uint8Array(256);
STRING_BYTE.fill(CONTROL, 0, 0x20);
STRING_BYTE.fill(HIGH, 0x80);
STRING_BYTE[DOUBLE_QUOTE] = QUOTE;
STRING_BYTE[0x5c] = ESCAPE;

const ESCAPABLE = tableOf('"\\/bfnrt');
const HEX_DIGIT = tableOf('0123456789abcdefABCDEF');

function tableOf(characters: string): Uint8Array {
  const table = new Uint8Array(256);
  for (const character of characters) table[character.charCodeAt(0)] = 1;
  return table;
}
