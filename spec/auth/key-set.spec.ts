import { exportJWK, SignJWT } from 'jose';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { JwtAuthenticator, type JwtSettings } from '../../src/adapters/jose/jwt-authenticator.ts';
import type { Identity } from '../../src/runtime/ports/authenticator.ts';
import { SimulatedClock } from '../../src/runtime/time/simulated-clock.ts';
import { type IssuerKey, issuerKey, JwksServer, signed } from './jwks-server.ts';
import { SilentLog } from './silent-log.ts';

const COOLDOWN = 10_000;
const MAX_AGE = 600_000;

let clock: SimulatedClock;
let jwks: JwksServer;
let log: SilentLog;

beforeEach(async () => {
  clock = new SimulatedClock(Date.UTC(2026, 10, 20));
  log = new SilentLog();
  jwks = await JwksServer.start();
});

afterEach(() => jwks.stop());

function authenticator(settings: Partial<JwtSettings> = {}): JwtAuthenticator {
  return new JwtAuthenticator({
    settings: {
      secret: '',
      jwksUrl: jwks.url,
      issuer: '',
      audience: [],
      algorithms: ['RS256', 'ES256', 'EdDSA'],
      ...settings,
    },
    clock,
    log,
  });
}

async function login(
  of: JwtAuthenticator,
  key: IssuerKey,
  header: Record<string, unknown> = {},
): Promise<string> {
  const token = await signed({ sub: 'u1' }, key, header);
  return of.authenticate({ token }).then(
    (identity: Identity) => identity.user,
    (error: Error) => error.message,
  );
}

describe('published keys', () => {
  it.each(['RS256', 'ES256', 'EdDSA'] as const)('verify %s tokens, and are fetched once', async (alg) => {
    const key = await issuerKey(alg, 'k1');
    jwks.keys = [await issuerKey('ES256', 'k0').then(({ jwk }) => jwk), key.jwk];
    const of = authenticator();
    const users = await Promise.all(Array.from({ length: 20 }, () => login(of, key)));
    expect(new Set(users)).toEqual(new Set(['u1']));
    expect(jwks.requests).toBe(1);
  });

  it('verify only with the algorithms that are pinned', async () => {
    const key = await issuerKey('ES256', 'k1');
    jwks.keys = [key.jwk];
    expect(await login(authenticator({ algorithms: ['RS256'] }), key)).toBe('invalid token');
  });

  it('may be rotated: an unknown kid fetches the set again', async () => {
    const [old, fresh] = [await issuerKey('ES256', 'k1'), await issuerKey('ES256', 'k2')];
    jwks.keys = [old.jwk];
    const of = authenticator();
    expect(await login(of, old)).toBe('u1');
    jwks.keys = [old.jwk, fresh.jwk];
    clock.advance(COOLDOWN);
    expect(await login(of, fresh)).toBe('u1');
    expect(await login(of, old)).toBe('u1');
    jwks.keys = [fresh.jwk];
    clock.advance(2 * MAX_AGE);
    expect(await login(of, fresh)).toBe('u1');
    expect(await login(of, old)).toBe('invalid token');
  });

  it('are not fetched again for every unknown kid of a flood', async () => {
    const [key, stranger] = [await issuerKey('ES256', 'k1'), await issuerKey('ES256', 'x')];
    jwks.keys = [key.jwk];
    const of = authenticator();
    await login(of, key);
    for (let round = 0; round < 3; round++) {
      clock.advance(COOLDOWN);
      const outcomes = await Promise.all(
        Array.from({ length: 50 }, (_, n) => login(of, { ...stranger, kid: `kid-${round}-${n}` })),
      );
      expect(new Set(outcomes)).toEqual(new Set(['invalid token']));
    }
    expect(jwks.requests).toBe(4);
    expect(await login(of, key)).toBe('u1');
  });

  it('stay in use while their publisher is down', async () => {
    const key = await issuerKey('EdDSA', 'k1');
    jwks.keys = [key.jwk];
    const of = authenticator();
    expect(await login(of, key)).toBe('u1');
    jwks.failure = { status: 500 };
    clock.advance(3 * MAX_AGE);
    for (let n = 0; n < 5; n++) expect(await login(of, key)).toBe('u1');
    expect(jwks.requests).toBe(2);
    expect(log.warnings).toEqual(['the JWKS could not be fetched']);
  });

  it.each([
    ['an error', { status: 503 }],
    ['no JSON', { status: 200, body: '<html>' }],
    ['no key set', { status: 200, body: '{"keys":7}' }],
    ['null', { status: 200, body: 'null' }],
  ])(
    'say that logins are unavailable when there is only %s, and are tried again later',
    async (_, failure) => {
      const key = await issuerKey('ES256', 'k1');
      jwks.keys = [key.jwk];
      jwks.failure = failure;
      const of = authenticator();
      expect(await login(of, key)).toBe('authentication unavailable');
      jwks.failure = null;
      expect(await login(of, key)).toBe('authentication unavailable');
      expect(jwks.requests).toBe(1);
      clock.advance(COOLDOWN);
      expect(await login(of, key)).toBe('u1');
    },
  );

  it('are not taken from where a redirect leads', async () => {
    const elsewhere = await JwksServer.start();
    try {
      const key = await issuerKey('ES256', 'k1');
      elsewhere.keys = [key.jwk];
      jwks.failure = { status: 302, headers: { location: elsewhere.url } };
      expect(await login(authenticator(), key)).toBe('authentication unavailable');
      expect(elsewhere.requests).toBe(0);
    } finally {
      await elsewhere.stop();
    }
  });

  it('are never where the token says they are (CVE-2026-32301)', async () => {
    const evil = await JwksServer.start();
    try {
      const [key, forged] = [await issuerKey('ES256', 'k1'), await issuerKey('ES256', 'k1')];
      jwks.keys = [key.jwk];
      evil.keys = [forged.jwk];
      const of = authenticator();
      for (const header of [{ jku: evil.url }, { x5u: evil.url }, { jwk: forged.jwk }, { kid: evil.url }]) {
        expect(await login(of, forged, header)).toBe('invalid token');
      }
      const claims = { sub: 'u1', iss: evil.url, jwks_uri: evil.url };
      await expect(of.authenticate({ token: await signed(claims, forged) })).rejects.toThrow('invalid token');
      expect(evil.requests).toBe(0);
    } finally {
      await evil.stop();
    }
  });

  it('of one issuer do not verify tokens of another that uses the same kid (CVE-2026-49998)', async () => {
    const other = await JwksServer.start();
    try {
      const [ours, theirs] = [await issuerKey('RS256', 'shared'), await issuerKey('RS256', 'shared')];
      jwks.keys = [ours.jwk];
      other.keys = [theirs.jwk];
      const [a, b] = [authenticator(), authenticator({ jwksUrl: other.url })];
      expect([await login(a, ours), await login(b, theirs)]).toEqual(['u1', 'u1']);
      expect([await login(a, theirs), await login(b, ours)]).toEqual(['invalid token', 'invalid token']);
    } finally {
      await other.stop();
    }
  });

  it('must be told apart by kid when there are several', async () => {
    const [a, b] = [await issuerKey('ES256', 'a'), await issuerKey('ES256', 'b')];
    const nameless = (key: IssuerKey) =>
      new SignJWT({ sub: 'u1' }).setProtectedHeader({ alg: 'ES256' }).sign(key.privateKey);
    const of = authenticator();
    jwks.keys = [a.jwk];
    expect((await of.authenticate({ token: await nameless(a) })).user).toBe('u1');
    jwks.keys = [a.jwk, b.jwk];
    clock.advance(2 * MAX_AGE);
    await expect(of.authenticate({ token: await nameless(a) })).rejects.toThrow('invalid token');
  });

  it('are refused when they are private', async () => {
    const key = await issuerKey('ES256', 'k1');
    jwks.keys = [{ ...(await exportJWK(key.privateKey)), kid: 'k1', alg: 'ES256' }];
    expect(await login(authenticator(), key)).toBe('invalid token');
  });
});
