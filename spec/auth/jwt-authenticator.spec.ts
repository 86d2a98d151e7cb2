import { createHmac, createPublicKey } from 'node:crypto';
import { SignJWT, UnsecuredJWT } from 'jose';
import { beforeEach, describe, expect, it } from 'vitest';
import { JwtAuthenticator, type JwtSettings } from '../../src/adapters/jose/jwt-authenticator.ts';
import { AuthenticationFailed } from '../../src/runtime/ports/authenticator.ts';
import { SimulatedClock } from '../../src/runtime/time/simulated-clock.ts';
import { issuerKey, JwksServer, signed } from './jwks-server.ts';
import { SilentLog } from './silent-log.ts';

const SECRET = 'a secret of thirty-two bytes, ok';
const NOW = Date.UTC(2026, 10, 20);
const SECONDS = NOW / 1000;

let clock: SimulatedClock;

beforeEach(() => {
  clock = new SimulatedClock(NOW);
});

function authenticator(settings: Partial<JwtSettings> = {}): JwtAuthenticator {
  return new JwtAuthenticator({
    settings: { secret: SECRET, jwksUrl: '', issuer: '', audience: [], algorithms: ['HS256'], ...settings },
    clock,
    log: new SilentLog(),
  });
}

function hs256(claims: Record<string, unknown>, secret = SECRET): Promise<string> {
  return new SignJWT(claims).setProtectedHeader({ alg: 'HS256' }).sign(Buffer.from(secret));
}

async function refusal(of: JwtAuthenticator, token: string): Promise<string> {
  const outcome = await of.authenticate({ token }).catch((error: unknown) => error);
  expect(outcome).toBeInstanceOf(AuthenticationFailed);
  expect((outcome as AuthenticationFailed).data).toBeUndefined();
  return (outcome as AuthenticationFailed).message;
}

describe('a JWT', () => {
  it('says who the client is and until when', async () => {
    const token = await hs256({ sub: 'u1', exp: SECONDS + 60 });
    expect(await authenticator().authenticate({ token })).toEqual({
      user: 'u1',
      expiresAt: NOW + 60_000,
      tokenId: expect.stringMatching(/^[\w-]{43}$/),
    });
  });

  it('may last for ever', async () => {
    for (const claims of [{ sub: 'u1' }, { sub: 'u1', exp: 1e300 }]) {
      const identity = await authenticator().authenticate({ token: await hs256(claims) });
      expect(identity.expiresAt).toBe(Number.POSITIVE_INFINITY);
    }
  });

  it('names the user as `sub`, or as `user` when it has no `sub`', async () => {
    const of = authenticator();
    expect((await of.authenticate({ token: await hs256({ user: 'u2' }) })).user).toBe('u2');
    expect((await of.authenticate({ token: await hs256({ sub: 'u1', user: 'u2' }) })).user).toBe('u1');
  });

  it.each([{}, { sub: '' }, { user: 7 }, { user: ['u1'] }, { sub: 'a\nb' }, { sub: 'x'.repeat(257) }])(
    'is refused when it names nobody that can be a user: %.30j',
    async (claims) => {
      expect(await refusal(authenticator(), await hs256(claims))).toBe('invalid token');
    },
  );

  it('is missed', async () => {
    expect(await refusal(authenticator(), '')).toBe('token missing');
  });

  it('is refused from the instant it expires', async () => {
    const of = authenticator();
    const token = await hs256({ sub: 'u1', exp: SECONDS + 1 });
    clock.advance(999);
    expect((await of.authenticate({ token })).user).toBe('u1');
    clock.advance(1);
    expect(await refusal(of, token)).toBe('token expired');
    clock.advance(60_000);
    expect(await refusal(of, token)).toBe('token expired');
  });

  it('may come from an issuer whose clock is a little ahead, and not from one far ahead', async () => {
    const of = authenticator();
    expect((await of.authenticate({ token: await hs256({ sub: 'u1', nbf: SECONDS + 4 }) })).user).toBe('u1');
    expect(await refusal(of, await hs256({ sub: 'u1', nbf: SECONDS + 60 }))).toBe('token not valid yet');
  });

  it('is refused with another issuer or audience than configured, or with none', async () => {
    const of = authenticator({ issuer: 'https://login.example', audience: ['chat', 'docs'] });
    const good = { sub: 'u1', iss: 'https://login.example', aud: 'docs' };
    expect((await of.authenticate({ token: await hs256(good) })).user).toBe('u1');
    expect((await of.authenticate({ token: await hs256({ ...good, aud: ['x', 'chat'] }) })).user).toBe('u1');
    for (const bad of [
      { ...good, iss: 'https://login.example.evil' },
      { ...good, iss: undefined },
      { ...good, aud: 'billing' },
      { ...good, aud: [] },
      { ...good, aud: undefined },
    ]) {
      expect(await refusal(of, await hs256(bad))).toBe('invalid token');
    }
  });

  it('is refused when another secret signed it, or when it was changed', async () => {
    const of = authenticator();
    expect(await refusal(of, await hs256({ sub: 'u1' }, `${SECRET}!`))).toBe('invalid token');
    const [header, , signature] = (await hs256({ sub: 'u1' })).split('.');
    const forged = Buffer.from('{"sub":"admin"}').toString('base64url');
    expect(await refusal(of, `${header}.${forged}.${signature}`)).toBe('invalid token');
  });

  it.each([
    'x',
    'a.b.c',
    '..',
    '{"alg":"none"}',
    `${'A'.repeat(1_000)}.`.repeat(3),
    'A'.repeat(1_000_000),
    '\u0000',
  ])('is refused when malformed: %.20j', async (token) => {
    expect(await refusal(authenticator(), token)).toBe('invalid token');
  });

  it('is refused with an `exp` that is no number', async () => {
    expect(await refusal(authenticator(), await signedByHand({ sub: 'u1', exp: '9999999999' }))).toBe(
      'invalid token',
    );
  });
});

describe('the algorithm', () => {
  it('is never `none`', async () => {
    const token = new UnsecuredJWT({ sub: 'admin' }).encode();
    expect(await refusal(authenticator(), token)).toBe('invalid token');
    const [, payload] = token.split('.');
    for (const alg of ['None', 'NONE', 'nOnE', '']) {
      const header = Buffer.from(JSON.stringify({ alg })).toString('base64url');
      expect(await refusal(authenticator(), `${header}.${payload}.`)).toBe('invalid token');
    }
  });

  it('is one of the configured, whatever the token says', async () => {
    const token = await new SignJWT({ sub: 'u1' })
      .setProtectedHeader({ alg: 'HS512' })
      .sign(Buffer.from(SECRET.repeat(2)));
    expect(await refusal(authenticator({ secret: SECRET.repeat(2) }), token)).toBe('invalid token');
  });

  it('never makes a secret of a public key (algorithm confusion)', async () => {
    const jwks = await JwksServer.start();
    try {
      const key = await issuerKey('RS256', 'k1');
      jwks.keys = [key.jwk];
      const of = authenticator({
        secret: SECRET,
        jwksUrl: jwks.url,
        algorithms: ['HS256', 'RS256'],
      });
      expect((await of.authenticate({ token: await signed({ sub: 'u1' }, key) })).user).toBe('u1');
      const pem = createPublicKey({ key: key.jwk, format: 'jwk' }).export({ type: 'spki', format: 'pem' });
      for (const material of [JSON.stringify(key.jwk), key.jwk.n!, pem.toString(), pem.toString().trim()]) {
        const token = await signedByHand({ sub: 'admin' }, material, { kid: 'k1' });
        expect(await refusal(of, token)).toBe('invalid token');
      }
    } finally {
      await jwks.stop();
    }
  });

  it('does not take a symmetric key from a key set', async () => {
    const jwks = await JwksServer.start();
    try {
      jwks.keys = [{ kty: 'oct', kid: 'k1', k: Buffer.from(SECRET).toString('base64url'), alg: 'HS256' }];
      const of = authenticator({ secret: '', jwksUrl: jwks.url, algorithms: ['RS256'] });
      expect(await refusal(of, await signedByHand({ sub: 'u1' }, SECRET, { kid: 'k1' }))).toBe(
        'invalid token',
      );
    } finally {
      await jwks.stop();
    }
  });

  it('needs a key to go with, which is said at the start', () => {
    expect(() => authenticator({ secret: '' })).toThrow(/HS256 tokens need auth\.jwt\.secret/);
    expect(() => authenticator({ algorithms: ['RS256'] })).toThrow(/RS256 tokens need auth\.jwt\.jwksUrl/);
    expect(() => authenticator({ algorithms: [] })).toThrow(/no JWT algorithm/);
  });
});

/** HS256 without a library that would refuse to sign nonsense. */
async function signedByHand(claims: object, secret = SECRET, header: object = {}): Promise<string> {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const text = `${part({ alg: 'HS256', ...header })}.${part(claims)}`;
  return `${text}.${createHmac('sha256', secret).update(text).digest('base64url')}`;
}
