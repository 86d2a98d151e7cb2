/**
 * What a client told us when it opened the connection. Kept packed, because a million of these are held and few
 * are read: query and headers are parsed only when a backend asks.
 */
export interface Handshake {
  readonly address: string;
  /** The raw query string, without `?`. */
  readonly query: string;
  /** Header lines as `name: value`, joined by `\n`; names in lower case. */
  readonly headers: string;
}

/** Parameters of the transport itself; they are no business of a backend. */
const TRANSPORT_PARAMETERS = new Set(['EIO', 'transport', 'sid', 't', 'b64', 'j', 'token']);

/** The query as backends see it; the first value of a name wins, as `URLSearchParams.get` has it. */
export function queryOf(handshake: Handshake): Record<string, string> {
  const query: Record<string, string> = Object.create(null);
  for (const [name, value] of new URLSearchParams(handshake.query)) {
    if (!TRANSPORT_PARAMETERS.has(name) && !(name in query)) query[name] = value;
  }
  return query;
}

export function headersOf(handshake: Handshake): Record<string, string> {
  const headers: Record<string, string> = Object.create(null);
  if (handshake.headers === '') return headers;
  for (const line of handshake.headers.split('\n')) {
    const colon = line.indexOf(': ');
    headers[line.slice(0, colon)] = line.slice(colon + 2);
  }
  return headers;
}

export function queryParameter(handshake: Handshake, name: string): string {
  return handshake.query.includes(name) ? (new URLSearchParams(handshake.query).get(name) ?? '') : '';
}

/** The client's first language: query `locale`, else the first tag of Accept-Language. */
export function localeOf(handshake: Handshake): string {
  const asked = queryParameter(handshake, 'locale');
  if (asked !== '') return asked;
  const start = handshake.headers.indexOf('accept-language: ');
  if (start < 0) return '';
  return /^[A-Za-z0-9-]*/.exec(handshake.headers.slice(start + 17))![0];
}
