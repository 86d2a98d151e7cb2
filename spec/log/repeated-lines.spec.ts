import { describe, expect, it } from 'vitest';
import { RepeatedLines } from '../../src/runtime/log/repeated-lines.ts';
import type { Clock } from '../../src/runtime/ports/clock.ts';
import type { Log } from '../../src/runtime/ports/log.ts';

function setUp() {
  const written: [string, object][] = [];
  const write = (fields: object, message: string) => void written.push([message, fields]);
  const log: Log = { follows: true, debug: write, info: write, warn: write, error: write, child: () => log };
  const timers: { at: number; callback: () => void }[] = [];
  let now = 0;
  const clock: Pick<Clock, 'after'> = {
    after: (ms, callback) => timers.push({ at: now + ms, callback }),
  };
  const advance = (ms: number) => {
    now += ms;
    for (const timer of timers.splice(0)) {
      if (timer.at <= now) timer.callback();
      else timers.push(timer);
    }
  };
  return { written, log, clock: clock as Clock, advance };
}

describe('repeated lines', () => {
  it('are written up to a number per window and cause, then counted', () => {
    const { written, log, clock, advance } = setUp();
    let heldBack = 0;
    const lines = new RepeatedLines(log, clock, { most: 2, window: 10_000, onHeldBack: () => heldBack++ });
    for (let number = 0; number < 5; number++) lines.warn('backend down', { number }, 'Call failed');
    lines.error('other cause', {}, 'Other');
    expect(written.map(([message]) => message)).toEqual(['Call failed', 'Call failed', 'Other']);
    expect(heldBack).toBe(3);
    advance(10_000);
    expect(written.at(-1)).toEqual([
      'Held back repeated lines',
      { cause: 'backend down', heldBack: 3, window: 10_000 },
    ]);
  });

  it('are written again in the next window', () => {
    const { written, log, clock, advance } = setUp();
    const lines = new RepeatedLines(log, clock, { most: 1, window: 1000 });
    lines.warn('cause', {}, 'first');
    advance(1000);
    lines.warn('cause', {}, 'second');
    expect(written.map(([message]) => message)).toEqual(['first', 'second']);
  });
});
