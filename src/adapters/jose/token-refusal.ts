import { errors } from 'jose';
import { AuthenticationFailed, AuthenticationUndecided } from '../../runtime/ports/authenticator.ts';

/**
 * What a client is told about a token that was not accepted: enough to act on (log in, renew, try later) and nothing
 * about which check it failed. Messages of CONNECT_ERROR; clients may rely on them.
 */
export const TOKEN_REFUSALS = {
  missing: 'token missing',
  expired: 'token expired',
  revoked: 'token revoked',
  notYet: 'token not valid yet',
  invalid: 'invalid token',
  unavailable: 'authentication unavailable',
} as const;

/** The refusal that an error of jose, or of fetching keys, stands for. */
export function refusalOf(error: unknown): AuthenticationFailed {
  const kind = kindOf(error);
  const Refusal = kind === 'unavailable' ? AuthenticationUndecided : AuthenticationFailed;
  return new Refusal(TOKEN_REFUSALS[kind], undefined, { cause: error });
}

function kindOf(error: unknown): keyof typeof TOKEN_REFUSALS {
  if (error instanceof KeysUnavailable) return 'unavailable';
  if (error instanceof errors.JWTExpired) return 'expired';
  if (error instanceof errors.JWTClaimValidationFailed && error.claim === 'nbf') return 'notYet';
  return 'invalid';
}

/** No key set could be fetched, so nobody can say whether a token is good. */
export class KeysUnavailable extends Error {
  override readonly name = 'KeysUnavailable';
}
