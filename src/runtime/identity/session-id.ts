import { type Cipher, createCipheriv, timingSafeEqual } from 'node:crypto';
import type { SnowflakeParts } from './snowflake.ts';

/**
 * The Engine.IO `sid`: 32 characters of base64url over 24 bytes, the connection's Snowflake (8, big-endian) and a tag
 * (16). A Snowflake alone can be guessed (CVE-2017-16031); whoever holds the tag was given this `sid` by a holder of
 * the key. Checking it needs the key and no stored state. A `sid` is a credential: it is never logged.
 *
 * The tag is one AES-128 block, `AES(key, snowflake || domain)`. AES is a pseudo-random permutation, and on single
 * blocks that are distinct inputs it cannot be told from a random function below about 2^64 blocks. ECB's weakness is
 * that equal blocks look equal; here no input ever repeats, because Snowflakes do not, and no one but us chooses any of
 * it. `domain` keeps the key's other uses, should there ever be any, from yielding a tag. Compared with HMAC it costs
 * a fifth, with one cipher object kept for the life of the process.
 */
const DOMAIN = Buffer.from('hf/sid/1', 'latin1');
const SNOWFLAKE_BYTES = 8;
const TAG_BYTES = 16;
const SESSION_ID_LENGTH = 32;
/** Bytes the key has. */
export const SESSION_KEY_BYTES = 16;

/** Issues and checks `sid`s. After `verify` said yes, `hi` and `lo` are the Snowflake that it carries. */
export class SessionIds implements SnowflakeParts {
  hi = 0;
  lo = 0;
  readonly #cipher: Cipher;
  readonly #block = Buffer.alloc(SNOWFLAKE_BYTES + DOMAIN.length);
  readonly #bytes = Buffer.alloc(SNOWFLAKE_BYTES + TAG_BYTES);
  readonly #claimedTag = this.#bytes.subarray(SNOWFLAKE_BYTES);

  /** `key`: 16 secret bytes, the same on all nodes that shall accept each other's `sid`s. */
  constructor(key: Uint8Array) {
    this.#cipher = createCipheriv('aes-128-ecb', key, null).setAutoPadding(false);
    DOMAIN.copy(this.#block, SNOWFLAKE_BYTES);
  }

  issue(hi: number, lo: number): string {
    writeParts(this.#bytes, hi, lo);
    this.#claimedTag.set(this.#tag(hi, lo));
    return this.#bytes.toString('base64url');
  }

  /** Whether `text` was issued under our key. Takes the same time wherever a wrong tag differs. */
  verify(text: string): boolean {
    if (text.length !== SESSION_ID_LENGTH || !decode(text, this.#bytes)) return false;
    const hi = this.#bytes.readUInt32BE(0);
    const lo = this.#bytes.readUInt32BE(4);
    if (!timingSafeEqual(this.#tag(hi, lo), this.#claimedTag)) return false;
    this.hi = hi;
    this.lo = lo;
    return true;
  }

  #tag(hi: number, lo: number): Buffer {
    writeParts(this.#block, hi, lo);
    return this.#cipher.update(this.#block);
  }
}

function writeParts(bytes: Buffer, hi: number, lo: number): void {
  bytes.writeUInt32BE(hi, 0);
  bytes.writeUInt32BE(lo, 4);
}

/** Sextet of each base64url character by its code, or -1. `Buffer.from` would skip what it does not know. */
const SEXTETS = new Int8Array(128).fill(-1);
for (const [value, char] of [
  ...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_',
].entries()) {
  SEXTETS[char.charCodeAt(0)] = value;
}

/** Strict base64url of whole groups of four; says whether every character belonged to the alphabet. */
function decode(text: string, into: Uint8Array): boolean {
  let seen = 0;
  for (let at = 0, to = 0; at < SESSION_ID_LENGTH; at += 4, to += 3) {
    const a = sextet(text.charCodeAt(at));
    const b = sextet(text.charCodeAt(at + 1));
    const c = sextet(text.charCodeAt(at + 2));
    const d = sextet(text.charCodeAt(at + 3));
    seen |= a | b | c | d;
    into[to] = (a << 2) | (b >> 4);
    into[to + 1] = (b << 4) | (c >> 2);
    into[to + 2] = (c << 6) | d;
  }
  return seen >= 0;
}

function sextet(code: number): number {
  return code < 128 ? SEXTETS[code]! : -1;
}
