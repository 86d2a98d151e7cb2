import { type Body, EMPTY_BODY, NO_ATTACHMENTS } from '../codec/body.ts';
import { DEFAULT_CODEC_LIMITS, MAX_DEPTH } from '../codec/codec-limits.ts';
import { isPlaceholder } from '../codec/placeholder.ts';
import { fieldPath, invalidArgument } from './invalid-argument.ts';

const { maxAttachments } = DEFAULT_CODEC_LIMITS;

/**
 * Makes the `Body` of `args`, an array of JSON values, and `attachments`, the bytes its placeholders name.
 * Throws `invalid_argument` when they do not fit each other: a placeholder without an attachment, two with the
 * same, an attachment without one (faults.md: such packets expand to gigabytes, or break clients).
 */
export function bodyOfValues(args: unknown, attachments: readonly Uint8Array[], path: string): Body {
  if (attachments.length > maxAttachments) {
    // More would disconnect every stock client that got them.
    const problem = `${attachments.length} are too many: clients accept at most ${maxAttachments}`;
    throw invalidArgument(fieldPath(path, 'attachments'), problem);
  }
  if (args === null || args === undefined) {
    if (attachments.length > 0) throw noPlaceholder(path, 0);
    return EMPTY_BODY;
  }
  const field = fieldPath(path, 'args');
  if (!Array.isArray(args)) throw invalidArgument(field, 'must be an array');
  const text = textOf(args, field);
  // Only what can be wrong is walked through: most bodies are short and have no placeholder.
  if (attachments.length > 0 || text.length > 2 * MAX_DEPTH || text.includes('"_placeholder"')) {
    const used = new Array<boolean>(attachments.length).fill(false);
    walk(args, 1, used, field);
    const unused = used.indexOf(false);
    if (unused !== -1) throw noPlaceholder(path, unused);
  }
  return { args: text, attachments: attachments.length === 0 ? NO_ATTACHMENTS : attachments };
}

function textOf(args: unknown[], field: string): string {
  try {
    return JSON.stringify(args);
  } catch (cause) {
    // A RangeError: the stack was not deep enough.
    if (cause instanceof RangeError) throw tooDeep(field);
    throw cause;
  }
}

function walk(value: unknown, depth: number, used: boolean[], field: string): void {
  if (typeof value !== 'object' || value === null) return;
  if (depth > MAX_DEPTH) throw tooDeep(field);
  if (Array.isArray(value)) {
    for (const item of value) walk(item, depth + 1, used, field);
    return;
  }
  if (isPlaceholder(value)) {
    take(value.num, used, field);
    return;
  }
  const record = value as Record<string, unknown>;
  for (const key in record) walk(record[key], depth + 1, used, field);
}

function take(num: unknown, used: boolean[], field: string): void {
  if (typeof num !== 'number' || !Number.isInteger(num) || num < 0 || num >= used.length) {
    throw invalidArgument(
      field,
      `placeholder num ${JSON.stringify(num)} names none of ${used.length} attachments`,
    );
  }
  if (used[num] === true) throw invalidArgument(field, `placeholder num ${num} occurs twice`);
  used[num] = true;
}

function tooDeep(field: string): Error {
  return invalidArgument(field, `nested deeper than ${MAX_DEPTH}`);
}

function noPlaceholder(path: string, index: number): Error {
  return invalidArgument(
    `${fieldPath(path, 'attachments')}[${index}]`,
    `no {"_placeholder":true,"num":${index}} in args says where it belongs`,
  );
}
