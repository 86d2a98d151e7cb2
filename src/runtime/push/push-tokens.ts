import { timingSafeEqual } from 'node:crypto';
import { HoldfastError } from '../errors/holdfast-error.ts';
import type { PushCaller } from './push-caller.ts';

const LONGEST = 1024;
const NOBODY: PushCaller = Object.freeze({ token: '' });

/**
 * The bearer tokens of the push API (`push.tokens`). Every stored secret is compared, each over the same number
 * of bytes, so the time an answer takes says nothing about a secret, not even its length.
 */
export class PushTokens {
  readonly #tokens: readonly { caller: PushCaller; length: number; padded: Buffer }[];
  readonly #presented = Buffer.alloc(LONGEST);

  constructor(tokens: readonly { readonly name: string; readonly secret: string }[]) {
    this.#tokens = tokens.map(({ name, secret }) => {
      const padded = Buffer.alloc(LONGEST);
      const length = Buffer.byteLength(secret);
      if (length === 0 || length > LONGEST) {
        throw new HoldfastError(
          'invalid_argument',
          `push token "${name}": secret must have 1 to ${LONGEST} bytes`,
        );
      }
      padded.write(secret);
      return { caller: Object.freeze({ token: name }), length, padded };
    });
  }

  /** Whether everybody may come in. */
  get areNone(): boolean {
    return this.#tokens.length === 0;
  }

  /** `authorization` is the header's value. Throws `unauthenticated`. Without tokens everybody may come in. */
  authenticate(authorization: string): PushCaller {
    if (this.areNone) return NOBODY;
    const presented = this.#presented;
    const space = authorization.indexOf(' ');
    const bearer = space === 6 && authorization.slice(0, 6).toLowerCase() === 'bearer';
    presented.fill(0);
    const secret = bearer ? authorization.slice(7).trim() : '';
    // One that does not fit would be cut to what might be somebody's secret.
    const length = secret.length > LONGEST ? 0 : presented.write(secret);
    let found: PushCaller | null = null;
    for (const { caller, length: expected, padded } of this.#tokens) {
      const same = timingSafeEqual(presented, padded);
      if (same && length === expected) found = caller;
    }
    presented.fill(0, 0, length);
    if (found !== null) return found;
    throw new HoldfastError(
      'unauthenticated',
      bearer
        ? 'the bearer token is not one of push.tokens'
        : 'send "Authorization: Bearer <secret>" with one of push.tokens',
    );
  }
}
