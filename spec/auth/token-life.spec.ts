import { describe, expect, it } from 'vitest';
import { untilTokenExpired, untilTokenExpiring } from '../../src/runtime/auth/token-life.ts';
import { ANONYMOUS } from '../../src/runtime/ports/authenticator.ts';

const NOW = 1_800_000_000_000;
const until = (ms: number) => ({ user: 'u1', expiresAt: NOW + ms });

describe('a login', () => {
  it('ends when its token does', () => {
    expect(untilTokenExpired(until(90_000), NOW)).toBe(90_000);
    expect(untilTokenExpired(until(-5), NOW)).toBe(0);
  });

  it('is said to end soon ahead of it', () => {
    expect(untilTokenExpiring(until(90_000), NOW, 60_000)).toBe(30_000);
  });

  it('that is no longer than the warning is spoken of at half its life', () => {
    expect(untilTokenExpiring(until(60_000), NOW, 60_000)).toBe(30_000);
    expect(untilTokenExpiring(until(10_000), NOW, 60_000)).toBe(5_000);
    expect(untilTokenExpiring(until(0), NOW, 60_000)).toBe(0);
  });

  it('without an end is never spoken of', () => {
    expect(untilTokenExpired(ANONYMOUS, NOW)).toBe(Number.POSITIVE_INFINITY);
    expect(untilTokenExpiring(ANONYMOUS, NOW, 60_000)).toBe(Number.POSITIVE_INFINITY);
  });

  it('is not warned of when the warning is off', () => {
    expect(untilTokenExpiring(until(90_000), NOW, 0)).toBe(Number.POSITIVE_INFINITY);
  });
});
