import { ParseError } from './parse-error.ts';

/**
 * Placeholders stand in the JSON text for binary values: `{"_placeholder":true,"num":0}` for attachment 0.
 *
 * Source: Socket.IO protocol, "Packet encoding", binary attachments.
 */
export function placeholderText(num: number): string {
  return `{"_placeholder":true,"num":${num}}`;
}

export function isPlaceholder(value: unknown): value is { _placeholder: true; num: unknown } {
  return (
    typeof value === 'object' &&
    value !== null &&
    Object.hasOwn(value, '_placeholder') &&
    (value as { _placeholder: unknown })._placeholder === true
  );
}

/**
 * Whether the placeholders in valid JSON text and `count` attachments match one to one. With `count` 0 everything
 * is data. One attachment in thousands of places would be gigabytes once a consumer puts it in
 * (and CVE-2022-2421: `num` of another type or range).
 */
export function checkPlaceholders(args: string, count: number): ParseError {
  if (count === 0) return ParseError.NONE;
  const seen = new Uint8Array(count);
  const found = countPlaceholders(JSON.parse(args), seen);
  return found === count ? ParseError.NONE : ParseError.ILLEGAL_PLACEHOLDER;
}

/** Number of placeholders below `value`, or -1 when one is illegal or seen before. Depth was checked by the scan. */
function countPlaceholders(value: unknown, seen: Uint8Array): number {
  if (typeof value !== 'object' || value === null) return 0;
  if (isPlaceholder(value)) {
    const num = value.num;
    if (typeof num !== 'number' || !Number.isInteger(num) || num < 0 || num >= seen.length) return -1;
    if (seen[num] === 1) return -1;
    seen[num] = 1;
    return 1;
  }
  let total = 0;
  for (const child of Array.isArray(value) ? value : Object.values(value)) {
    const found = countPlaceholders(child, seen);
    if (found < 0) return -1;
    total += found;
  }
  return total;
}
