import { describe, expect, it } from 'vitest';
import { growthOf } from '../../src/node/old-garbage.ts';

const MB = 1024 * 1024;

describe('the old generation', () => {
  it('may grow by 64 MB between two collections, however much is alive', () => {
    for (const alive of [40, 64, 128, 256].map((size) => size * MB)) {
      const room = (alive * growthOf(alive)) / 100;
      expect(Math.abs(room - 64 * MB)).toBeLessThan(2 * MB);
    }
  });

  it('does not become more than three times what is alive', () => {
    expect(growthOf(10 * MB)).toBe(200);
    expect(growthOf(1)).toBe(200);
  });

  it('is left to V8 where so much is alive that V8 leaves as much room by itself', () => {
    expect(growthOf(600 * MB)).toBe(0);
  });
});
