/** One entry of `push.tokens`. The name is recorded with every push, the secret is what the caller sends. */
export interface PushToken {
  readonly name: string;
  readonly secret: string;
}

/** `name:secret`; the secret must fit into a bearer token header (RFC 6750 §2.1), up to 1,024 bytes. `null` for anything else. */
export function parsePushToken(text: string): PushToken | null {
  const match = /^([A-Za-z0-9._-]{1,64}):([A-Za-z0-9._~+/:=-]{1,1024})$/.exec(text.trim());
  return match === null ? null : { name: match[1]!, secret: match[2]! };
}
