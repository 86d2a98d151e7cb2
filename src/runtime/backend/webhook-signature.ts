import { createHmac } from 'node:crypto';

const PREFIX = 'whsec_';
/** The shortest secret worth taking for an encoded one; Standard Webhooks asks for 24 to 64 bytes. */
const SHORTEST = 16;

/**
 * Signs requests as Standard Webhooks: HMAC-SHA256 over `id.timestamp.body`, base64, with the version in front.
 *
 * A secret `whsec_…` is base64. Any other is taken as its raw bytes; if it could be base64 as well, which is how the
 * scheme's own libraries read it, a second signature made that way follows behind a space, as the scheme allows.
 * Source: https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
 */
export class WebhookSignature {
  readonly #keys: readonly Buffer[];

  constructor(secret: string) {
    this.#keys = keysOf(secret);
  }

  /** Value of `webhook-signature`. `seconds` since 1970 are `webhook-timestamp`. */
  sign(id: string, seconds: number, body: string | Uint8Array): string {
    const signatures = this.#keys.map((key) => {
      const hmac = createHmac('sha256', key).update(`${id}.${seconds}.`).update(body);
      return `v1,${hmac.digest('base64')}`;
    });
    return signatures.join(' ');
  }
}

function keysOf(secret: string): readonly Buffer[] {
  if (secret.startsWith(PREFIX)) return [Buffer.from(secret.slice(PREFIX.length), 'base64')];
  const raw = Buffer.from(secret);
  const isBase64 = secret.length % 4 === 0 && /^[A-Za-z0-9+/]+={0,2}$/.test(secret);
  const decoded = Buffer.from(isBase64 ? secret : '', 'base64');
  return decoded.length >= SHORTEST ? [raw, decoded] : [raw];
}
