import { createHash } from 'node:crypto';
import { decodeJwt, type JWTPayload } from 'jose';
import { FOR_EVER, isTokenId, type Revocation } from '../../runtime/auth/revocation.ts';
import { HoldfastError } from '../../runtime/errors/holdfast-error.ts';

/** Longer tokens are refused unread. */
export const MAX_TOKEN_LENGTH = 16_384;

/**
 * What a token is known by: its `jti`, else the SHA-256 of what is signed, in base64url. The signature itself does not
 * count: it can be written in more than one way, and a token that was revoked would come back under another hash.
 */
export function tokenIdOf({ jti }: JWTPayload, token: string): string {
  if (isTokenId(jti)) return jti;
  return createHash('sha256')
    .update(token.slice(0, token.lastIndexOf('.')))
    .digest('base64url');
}

/** Ms since 1970 at which a token ends, or `Infinity`. */
export function endOf({ exp }: JWTPayload): number {
  const end = exp === undefined ? Number.POSITIVE_INFINITY : exp * 1000;
  return end <= FOR_EVER ? end : Number.POSITIVE_INFINITY;
}

/**
 * Whom and until when the revocation of a token concerns. Its signature is not checked: sessions that were opened with
 * it may be older than the keys of today. Throws `invalid_argument` when it is no JWT.
 */
export function revocationOf(token: string): Revocation {
  const payload = token.length > MAX_TOKEN_LENGTH ? null : payloadOf(token);
  if (payload === null) throw new HoldfastError('invalid_argument', 'token: is no JWT');
  const { exp } = payload;
  if (exp !== undefined && !Number.isFinite(exp)) {
    throw new HoldfastError('invalid_argument', 'token: its exp is no number');
  }
  return { id: tokenIdOf(payload, token), until: Math.min(endOf(payload), FOR_EVER) };
}

function payloadOf(token: string): JWTPayload | null {
  try {
    return decodeJwt(token);
  } catch {
    return null;
  }
}
