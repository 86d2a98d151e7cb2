import { HoldfastError } from '../errors/holdfast-error.ts';

/** A token that lets nobody in any more. */
export interface Revocation {
  /** Its `jti`, or the hash that stands for one. */
  readonly id: string;
  /** Ms since 1970 until which it has to be remembered: when the token has ended anyhow. */
  readonly until: number;
}

/** `until` of a token that never ends. A number like any other, so that it can be written and compared anywhere. */
export const FOR_EVER = 8.64e15;

/** Longer ids are no ids: such a token is known by its hash. */
export const MAX_TOKEN_ID = 128;
/** A year, ms. Whoever wants more has most likely written milliseconds. */
const MAX_AHEAD = 366 * 24 * 3600 * 1000;

/** Whether a text can stand for a token: in Redis, in events and in the log. */
export function isTokenId(value: unknown): value is string {
  return typeof value === 'string' && value !== '' && value.length <= MAX_TOKEN_ID && !/\p{Cc}/u.test(value);
}

/**
 * Reads `{"token":"…"}` or `{"id":"…","until":seconds}`. Throws `invalid_argument` with what is wrong with it.
 *
 * @param read what a token says of itself
 */
export function readRevocation(
  request: unknown,
  now: number,
  read: (token: string) => Revocation,
): Revocation {
  if (typeof request !== 'object' || request === null || Array.isArray(request))
    throw wrong('the body', ONE_OF);
  const fields = request as Record<string, unknown>;
  for (const name of Object.keys(fields)) {
    if (!['token', 'id', 'until'].includes(name)) throw wrong(name.slice(0, 60), 'there is no such field');
  }
  const { token, id, until } = fields;
  if ((token === undefined) === (id === undefined)) throw wrong('the body', ONE_OF);
  if (token === undefined) return { id: idOf(id), until: untilOf(until, now) };
  if (until !== undefined) throw wrong('until', 'goes with id; a token says by itself when it ends');
  if (typeof token !== 'string' || token === '') throw wrong('token', 'must be a text');
  return read(token);
}

const ONE_OF = 'must be {"token":"…"} or {"id":"…","until":<seconds since 1970>}';

function idOf(id: unknown): string {
  if (isTokenId(id)) return id;
  throw wrong('id', `must be a text of 1 to ${MAX_TOKEN_ID} characters without control characters`);
}

function untilOf(until: unknown, now: number): number {
  if (typeof until !== 'number') throw wrong('until', 'must say, in seconds since 1970, when the token ends');
  const end = until * 1000;
  if (end <= now) throw wrong('until', 'lies in the past; it is in seconds since 1970');
  if (end > now + MAX_AHEAD)
    throw wrong('until', 'lies more than 366 days ahead; it is in seconds since 1970');
  return end;
}

function wrong(what: string, why: string): HoldfastError {
  return new HoldfastError('invalid_argument', `${what}: ${why}`);
}
