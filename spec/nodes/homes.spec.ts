import { beforeEach, describe, expect, it } from 'vitest';
import { Homes } from '../../src/runtime/delivery/homes.ts';
import { SnowflakeGenerator } from '../../src/runtime/identity/snowflake.ts';
import { toDecimal } from '../../src/runtime/identity/snowflake-decimal.ts';
import { SimulatedClock } from '../../src/runtime/time/simulated-clock.ts';

const [OLD, NEW] = [7, 8];

describe('the home of a socket that moved', () => {
  let clock: SimulatedClock;
  let homes: Homes;
  let socket: string;
  /** Fences on their way, by number, oldest first. */
  let fences: number[];

  beforeEach(() => {
    clock = new SimulatedClock();
    const ids = new SnowflakeGenerator({ clock, node: OLD, floor: 0 });
    ids.next();
    socket = toDecimal(ids.hi, ids.lo);
    fences = [];
    homes = new Homes({
      clock,
      fence: (of, via, number) => {
        expect([of, via]).toEqual([socket, OLD]);
        fences.push(number);
      },
    });
  });
  const arrive = () => homes.fenced(socket, fences.shift()!);

  it('is the old one until a fence sent by it has arrived, and the new one from then on', () => {
    expect(homes.of(socket)).toBe(OLD);
    homes.learn(socket, NEW);
    arrive();
    expect(homes.of(socket)).toBe(NEW);
    expect(fences).toEqual([]);
  });

  it('stays the old one while something is behind the fence', () => {
    homes.learn(socket, NEW);
    expect(homes.of(socket)).toBe(OLD);
    arrive();
    expect(homes.of(socket)).toBe(OLD);
  });

  it('is waited for when there never is a pause, for a quarter of a second at most', async () => {
    homes.learn(socket, NEW);
    for (let round = 0; round < 2; round++) {
      homes.of(socket);
      expect(homes.held(socket)).toBeNull();
      arrive();
    }
    const held = homes.held(socket);
    expect(held).not.toBeNull();
    arrive();
    await held;
    expect(homes.of(socket)).toBe(NEW);
    expect(homes.held(socket)).toBeNull();
  });

  it('is the old one again when the answer is late, so that nothing waits for a node that stands still', async () => {
    homes.learn(socket, NEW);
    for (let round = 0; round < 2; round++) {
      homes.of(socket);
      arrive();
    }
    const held = homes.held(socket);
    clock.advance(250);
    await held;
    expect(homes.of(socket)).toBe(OLD);
    arrive();
    expect(homes.of(socket)).toBe(OLD);
  });

  it('is asked for again when the fence was lost', () => {
    homes.learn(socket, NEW);
    const [lost] = fences.splice(0) as [number];
    clock.advance(3_000);
    homes.of(socket);
    expect(fences).toHaveLength(1);
    homes.fenced(socket, lost);
    expect(homes.of(socket)).toBe(OLD);
    arrive();
    arrive();
    expect(homes.of(socket)).toBe(NEW);
  });

  it('is the new one at once when the old one is gone', () => {
    homes.learn(socket, NEW);
    expect(homes.orphaned(socket)).toBe(NEW);
    expect(homes.of(socket)).toBe(NEW);
  });

  it('is forgotten with the socket, and nobody is left waiting', async () => {
    homes.learn(socket, NEW);
    for (let round = 0; round < 2; round++) {
      homes.of(socket);
      arrive();
    }
    const held = homes.held(socket);
    homes.forget(socket);
    await held;
    expect(homes.of(socket)).toBe(OLD);
  });
});
