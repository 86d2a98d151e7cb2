import { createHash } from 'node:crypto';
import { SignJWT } from 'jose';
import { expect, it } from 'vitest';
import { JwtAuthenticator } from '../../src/adapters/jose/jwt-authenticator.ts';
import { revocationOf } from '../../src/adapters/jose/token-id.ts';
import { FOR_EVER, readRevocation } from '../../src/runtime/auth/revocation.ts';
import { RevokedTokens } from '../../src/runtime/auth/revoked-tokens.ts';
import { SimulatedClock } from '../../src/runtime/time/simulated-clock.ts';
import { SilentLog } from './silent-log.ts';

const SECRET = 'a secret of thirty-two bytes, ok';
const NOW = Date.UTC(2026, 10, 20);
const SECONDS = NOW / 1000;

const signed = (claims: Record<string, unknown>) =>
  new SignJWT({ sub: 'u1', ...claims }).setProtectedHeader({ alg: 'HS256' }).sign(Buffer.from(SECRET));
const read = (request: unknown) => readRevocation(request, NOW, revocationOf);

function authenticator(revoked: RevokedTokens, clock: SimulatedClock): JwtAuthenticator {
  return new JwtAuthenticator({
    settings: { secret: SECRET, jwksUrl: '', issuer: '', audience: [], algorithms: ['HS256'] },
    clock,
    log: new SilentLog(),
    isRevoked: (id) => revoked.has(id),
  });
}

it('a token is known by its jti, and remembered until its exp', async () => {
  const token = await signed({ jti: 'login-7', exp: SECONDS + 60 });
  expect(read({ token })).toEqual({ id: 'login-7', until: NOW + 60_000 });
});

it.each([{}, { jti: 7 }, { jti: '' }, { jti: 'x'.repeat(129) }, { jti: 'a\nb' }])(
  'a token without a jti that can stand for it is known by the hash of what is signed: %.30j',
  async (claims) => {
    const token = await signed({ ...claims, exp: SECONDS + 60 });
    const hash = createHash('sha256')
      .update(token.slice(0, token.lastIndexOf('.')))
      .digest('base64url');
    expect(read({ token }).id).toBe(hash);
  },
);

it('a token that never ends is remembered for ever', async () => {
  for (const claims of [{}, { exp: 1e300 }]) {
    expect(read({ token: await signed(claims) }).until).toBe(FOR_EVER);
  }
});

it('an id is remembered until the time that comes with it, in seconds', () => {
  expect(read({ id: 'login-7', until: SECONDS + 3600 })).toEqual({ id: 'login-7', until: NOW + 3_600_000 });
});

it.each([
  [null, 'the body: must be {"token"'],
  [['a'], 'the body: must be'],
  ['abc', 'the body: must be'],
  [{}, 'the body: must be'],
  [{ token: 'a.b.c', id: 'x' }, 'the body: must be'],
  [{ jti: 'x' }, 'jti: there is no such field'],
  [{ token: 7 }, 'token: must be a text'],
  [{ token: '' }, 'token: must be a text'],
  [{ token: 'abc' }, 'token: is no JWT'],
  [{ token: 'a.b.c' }, 'token: is no JWT'],
  [{ token: `${'A'.repeat(20_000)}.e30.c` }, 'token: is no JWT'],
  [{ token: `e30.${Buffer.from('{"exp":"9"}').toString('base64url')}.c` }, 'token: its exp is no number'],
  [{ token: 'e30.e30.c', until: SECONDS + 60 }, 'until: goes with id'],
  [{ id: '', until: SECONDS + 60 }, 'id: must be a text of 1 to 128'],
  [{ id: 'x'.repeat(129), until: SECONDS + 60 }, 'id: must be a text of 1 to 128'],
  [{ id: 'a\u0000', until: SECONDS + 60 }, 'id: must be'],
  [{ id: 'x' }, 'until: must say'],
  [{ id: 'x', until: `${SECONDS + 60}` }, 'until: must say'],
  [{ id: 'x', until: SECONDS }, 'until: lies in the past'],
  [{ id: 'x', until: (SECONDS + 60) * 1000 }, 'until: lies more than 366 days ahead; it is in seconds'],
])('refuses nonsense and says what is wrong with it: %.60j', (request, message) => {
  expect(() => read(request)).toThrow(message);
});

it('a revoked token lets nobody in, however its signature is written, until it has ended', async () => {
  const clock = new SimulatedClock(NOW);
  const revoked = new RevokedTokens(clock);
  const of = authenticator(revoked, clock);
  const [token, other] = await Promise.all([
    signed({ exp: SECONDS + 60 }),
    signed({ exp: SECONDS + 60, device: 2 }),
  ]);
  const { tokenId } = await of.authenticate({ token });
  expect(tokenId).toBe(read({ token }).id);
  expect(revoked.add(read({ token }))).toBe(true);
  expect(revoked.add(read({ token }))).toBe(false);
  await expect(of.authenticate({ token })).rejects.toThrow('token revoked');
  // 32 bytes leave two bits of the last character over: three more spellings mean the same signature.
  const spellings = [...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_']
    .map((last) => token.slice(0, -1) + last)
    .filter((spelt) => spelt !== token);
  const told = await Promise.all(
    spellings.map((spelt) => of.authenticate({ token: spelt }).catch((error: Error) => error.message)),
  );
  expect(new Set(told)).toEqual(new Set(['token revoked', 'invalid token']));
  expect((await of.authenticate({ token: other })).user).toBe('u1');
  clock.advance(60_000);
  await expect(of.authenticate({ token })).rejects.toThrow('token expired');
  expect(revoked.count()).toBe(0);
});

it('an id that is revoked twice is remembered until the later end, and forgotten then', () => {
  const clock = new SimulatedClock(NOW);
  const revoked = new RevokedTokens(clock);
  revoked.add({ id: 'x', until: NOW + 2_000 });
  revoked.add({ id: 'x', until: NOW + 1_000 });
  clock.advance(1_500);
  expect(revoked.has('x')).toBe(true);
  clock.advance(500);
  expect(revoked.has('x')).toBe(false);
  expect(revoked.all()).toEqual([]);
});
