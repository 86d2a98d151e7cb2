/** Field names that hold a credential. `auth` is the payload of CONNECT, which carries the token. */
const NAMES = [
  'authorization',
  'Authorization',
  'cookie',
  'Cookie',
  'set-cookie',
  'Set-Cookie',
  'token',
  'tokens',
  'sid',
  'auth',
  'secret',
  'password',
];

/** Where they are looked for: `{ token }`, `{ headers: { cookie } }`, `{ request: { query: { token } } }`. */
const PREFIXES = ['', '*', '*.*'];

/** Paths for pino's `redact`. */
export const REDACTED_PATHS: readonly string[] = PREFIXES.flatMap((prefix) =>
  NAMES.map((name) => `${prefix}["${name}"]`),
);
