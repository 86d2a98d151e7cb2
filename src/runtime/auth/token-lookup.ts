/**
 * Finds a client's JWT: `token` of the CONNECT payload, then `Authorization: Bearer`, then the `token` query parameter.
 * Empty when there is none. The first that is present counts, even when it is a bad one: a token that was refused is
 * not looked for elsewhere.
 *
 * @param auth JSON text of the CONNECT payload, or `null` when there is none (Engine.IO 3, bare transports).
 * @param headers of the handshake, names in lower case.
 */
export function findToken(
  auth: string | null,
  headers: Readonly<Record<string, string>>,
  query: Readonly<Record<string, string>>,
): string {
  return tokenOfPayload(auth) || tokenOfHeader(own(headers, 'authorization')) || own(query, 'token');
}

function tokenOfPayload(auth: string | null): string {
  // Most payloads carry no token; those need not be parsed. A name spelled with escapes is not `token` for us.
  if (auth === null || !auth.includes('"token"')) return '';
  let payload: unknown;
  try {
    payload = JSON.parse(auth);
  } catch {
    return '';
  }
  if (typeof payload !== 'object' || payload === null || !Object.hasOwn(payload, 'token')) return '';
  const { token } = payload as { token: unknown };
  return typeof token === 'string' ? token : '';
}

/** RFC 6750 §2.1; the scheme's name is case-insensitive (RFC 9110 §11.1). */
function tokenOfHeader(authorization: string): string {
  return /^bearer +([^\s]+) *$/i.exec(authorization)?.[1] ?? '';
}

/** Names come from clients: `__proto__` and `constructor` must not find anything. */
function own(fields: Readonly<Record<string, string>>, name: string): string {
  return Object.hasOwn(fields, name) ? fields[name]! : '';
}
