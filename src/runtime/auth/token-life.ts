import type { Identity } from '../ports/authenticator.ts';

/**
 * When a login that ends is to be spoken of, as delays in ms from now for the socket machine. `Infinity` means never.
 * Both are wall-clock arithmetic done once, when the token was accepted; from then on monotonic timers count.
 */

/** Until the session closes as `token expired`. */
export function untilTokenExpired(identity: Identity, wallNow: number): number {
  return Math.max(0, identity.expiresAt - wallNow);
}

/**
 * Until the client gets `token expiring`, `warning` ms ahead of the end (0 = never). A token that lives no
 * longer than the warning is spoken of at half its life, and not as soon as it has been accepted.
 */
export function untilTokenExpiring(identity: Identity, wallNow: number, warning: number): number {
  const left = untilTokenExpired(identity, wallNow);
  if (warning === 0 || left === Number.POSITIVE_INFINITY) return Number.POSITIVE_INFINITY;
  return left > warning ? left - warning : left / 2;
}
