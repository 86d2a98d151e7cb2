import type { SnowflakeParts } from './snowflake.ts';

/**
 * The public form of a Snowflake: its decimal digits. 63 bits do not fit a double, so both directions work on
 * limbs of 10^6, chosen so that every product stays below 2^53 and hence exact:
 *
 * `id = hi * 2^32 + lo` and `2^32 = 4294 * 10^6 + 967296`, so
 * `id mod 10^6 = (hi * 967296 + lo) mod 10^6`, where `hi * 967296 + lo < 2^51 + 2^32`.
 */
const LIMB = 1_000_000;
const WORD = 2 ** 32;
const MAX_HI = 2 ** 31 - 1;
const MAX_DIGITS = 19;
const ZERO = 48;

/** Decimal digits of `hi * 2^32 + lo`, `hi` below 2^31 and `lo` below 2^32, without leading zeros. */
export function toDecimal(hi: number, lo: number): string {
  const low = hi * 967_296 + lo;
  const carry = Math.floor(low / LIMB);
  const upper = hi * 4294 + carry;
  const top = Math.floor(upper / LIMB);
  const middle = upper - top * LIMB;
  const bottom = low - carry * LIMB;
  if (top >= LIMB / 10) return longDecimal(top | 0, middle | 0, bottom | 0);
  if (top > 0) return `${top}${sixDigits(middle)}${sixDigits(bottom)}`;
  return middle > 0 ? `${middle}${sixDigits(bottom)}` : `${bottom}`;
}

/**
 * 18 or 19 digits: every id issued after January 2026. One `fromCharCode` makes one flat string; pieces put
 * together with `+` would be a tree of strings that is flattened on its first use as a key and costs more.
 */
function longDecimal(top: number, middle: number, bottom: number): string {
  const first = (top / LIMB) | 0;
  const t5 = ZERO + (((top / 100_000) | 0) % 10);
  const t4 = ZERO + (((top / 10_000) | 0) % 10);
  const t3 = ZERO + (((top / 1000) | 0) % 10);
  const t2 = ZERO + (((top / 100) | 0) % 10);
  const t1 = ZERO + (((top / 10) | 0) % 10);
  const t0 = ZERO + (top % 10);
  const m5 = ZERO + ((middle / 100_000) | 0);
  const m4 = ZERO + (((middle / 10_000) | 0) % 10);
  const m3 = ZERO + (((middle / 1000) | 0) % 10);
  const m2 = ZERO + (((middle / 100) | 0) % 10);
  const m1 = ZERO + (((middle / 10) | 0) % 10);
  const m0 = ZERO + (middle % 10);
  const b5 = ZERO + ((bottom / 100_000) | 0);
  const b4 = ZERO + (((bottom / 10_000) | 0) % 10);
  const b3 = ZERO + (((bottom / 1000) | 0) % 10);
  const b2 = ZERO + (((bottom / 100) | 0) % 10);
  const b1 = ZERO + (((bottom / 10) | 0) % 10);
  const b0 = ZERO + (bottom % 10);
  const f = String.fromCharCode;
  if (first === 0) return f(t5, t4, t3, t2, t1, t0, m5, m4, m3, m2, m1, m0, b5, b4, b3, b2, b1, b0);
  return f(ZERO + first, t5, t4, t3, t2, t1, t0, m5, m4, m3, m2, m1, m0, b5, b4, b3, b2, b1, b0);
}

function sixDigits(limb: number): string {
  return `${LIMB + limb}`.slice(1);
}

/** Orders decimal Snowflakes by their number, for `sort`: without leading zeros, longer is larger. */
export function compareDecimals(a: string, b: string): number {
  if (a.length !== b.length) return a.length - b.length;
  return a < b ? -1 : a > b ? 1 : 0;
}

/**
 * Reads a decimal Snowflake into `into` and says whether it was one: digits only, no sign, no leading zero (but `0`
 * itself), at most 2^63 - 1. `into` is left alone when it was not.
 */
export function parseDecimal(text: string, into: SnowflakeParts): boolean {
  const length = text.length;
  if (length === 0 || length > MAX_DIGITS) return false;
  if (length > 1 && text.charCodeAt(0) === ZERO) return false;
  let hi = 0;
  let lo = 0;
  let limb = 0;
  let scale = 1;
  for (let at = 0; at < length; at++) {
    const digit = text.charCodeAt(at) - ZERO;
    if (digit < 0 || digit > 9) return false;
    limb = limb * 10 + digit;
    scale *= 10;
    if (scale === LIMB || at === length - 1) {
      const sum = lo * scale + limb;
      const carry = Math.floor(sum / WORD);
      lo = sum - carry * WORD;
      hi = hi * scale + carry;
      limb = 0;
      scale = 1;
    }
  }
  if (hi > MAX_HI) return false;
  into.hi = hi;
  into.lo = lo;
  return true;
}
