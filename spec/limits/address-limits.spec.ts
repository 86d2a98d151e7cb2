import { describe, expect, it } from 'vitest';
import { type AddressLimitOptions, AddressLimits } from '../../src/runtime/limits/address-limits.ts';
import { SimulatedClock } from '../../src/runtime/time/simulated-clock.ts';

const A = '203.0.113.7';
const B = '203.0.113.8';

function limits(options: Partial<AddressLimitOptions>): { limits: AddressLimits; clock: SimulatedClock } {
  const clock = new SimulatedClock();
  return { limits: new AddressLimits({ clock, connects: 0, burst: 0, connections: 0, ...options }), clock };
}

describe('an address', () => {
  it('holds no more connections than it may, and another one when one has gone', () => {
    const { limits: of } = limits({ connections: 2 });
    expect([of.connect(A), of.connect(A), of.connect(A), of.connect(B)]).toEqual([true, true, false, true]);
    of.disconnect(A);
    expect([of.connect(A), of.connect(A)]).toEqual([true, false]);
  });

  it('has a connection counted that another node let in, and may not open one more for it', () => {
    const { limits: of } = limits({ connections: 2, connects: 1, burst: 1 });
    of.admit(A);
    of.admit(A);
    of.admit(A);
    expect(of.connect(A)).toBe(false);
    of.disconnect(A);
    of.disconnect(A);
    expect([of.connect(A), of.connect(A)]).toEqual([true, false]);
  });

  it('opens no more connections than flow in, and its neighbours are not affected', () => {
    const { limits: of, clock } = limits({ connects: 2, burst: 3 });
    expect([of.connect(A), of.connect(A), of.connect(A), of.connect(A)]).toEqual([true, true, true, false]);
    expect(of.connect(B)).toBe(true);
    clock.advance(500);
    expect([of.connect(A), of.connect(A)]).toEqual([true, false]);
  });

  it('gets no fresh bucket by leaving', () => {
    const { limits: of } = limits({ connects: 1, burst: 2 });
    expect([of.connect(A), of.connect(A)]).toEqual([true, true]);
    of.disconnect(A);
    of.disconnect(A);
    expect(of.connect(A)).toBe(false);
  });

  it('is forgotten when it has no connection and its bucket is full', () => {
    const { limits: of, clock } = limits({ connects: 1, burst: 2 });
    of.connect(A);
    of.connect(A);
    of.disconnect(A);
    of.disconnect(A);
    expect(of.size).toBe(1);
    clock.advance(3_000);
    expect(of.size).toBe(0);
    expect(clock.nextDue()).toBe(Number.POSITIVE_INFINITY);
  });

  it('is forgotten at once when connects are not limited', () => {
    const { limits: of, clock } = limits({ connections: 2 });
    of.connect(A);
    of.disconnect(A);
    expect(of.size).toBe(0);
    expect(clock.nextDue()).toBe(Number.POSITIVE_INFINITY);
  });

  it('costs nothing when it was refused', () => {
    const { limits: of, clock } = limits({ connects: 1, burst: 1 });
    of.connect(A);
    for (let i = 0; i < 100; i++) expect(of.connect(A)).toBe(false);
    clock.advance(1_000);
    expect(of.connect(A)).toBe(true);
  });

  it('that is unknown may be counted out without harm', () => {
    const { limits: of } = limits({ connections: 1 });
    of.disconnect(A);
    expect([of.connect(A), of.connect(A)]).toEqual([true, false]);
  });

  it('is a /64 in IPv6: a host that has 2^64 of them is one', () => {
    const { limits: of } = limits({ connections: 1 });
    expect(of.connect('2001:db8:0:1::1')).toBe(true);
    expect(of.connect('2001:0db8:0000:0001:ffff:ffff:ffff:ffff')).toBe(false);
    expect(of.connect('2001:db8:0:2::1')).toBe(true);
    expect(of.connect('::ffff:203.0.113.7')).toBe(true);
    expect(of.connect('203.0.113.7')).toBe(false);
    of.disconnect('2001:db8:0:1::99');
    expect(of.connect('2001:db8:0:1::2')).toBe(true);
  });
});

describe('the table of addresses', () => {
  it('stays bounded under a flood of addresses: the longest idle is forgotten', () => {
    const { limits: of } = limits({ connects: 1, burst: 5, maxIdle: 100 });
    for (let i = 0; i < 10_000; i++) {
      const address = `10.${i >> 16}.${(i >> 8) & 255}.${i & 255}`;
      of.connect(address);
      of.disconnect(address);
    }
    expect(of.size).toBe(100);
  });

  it('does not forget an address that has a connection', () => {
    const { limits: of } = limits({ connects: 1, burst: 5, connections: 1, maxIdle: 1 });
    of.connect(A);
    for (const address of ['10.0.0.1', '10.0.0.2', '10.0.0.3']) {
      of.connect(address);
      of.disconnect(address);
    }
    expect(of.connect(A)).toBe(false);
  });

  it('is empty and has no timer after close', () => {
    const { limits: of, clock } = limits({ connects: 1, burst: 5 });
    of.connect(A);
    of.disconnect(A);
    of.close();
    expect([of.size, clock.nextDue()]).toEqual([0, Number.POSITIVE_INFINITY]);
  });
});
