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

  it('is the one it was born in until another is heard of', () => {
    expect([homes.of(socket), homes.besides(socket)]).toEqual([OLD, -1]);
    homes.learn(socket, OLD);
    expect([homes.of(socket), homes.besides(socket)]).toEqual([OLD, -1]);
    expect(homes.of('no id')).toBe(-1);
  });

  it('is the new one at once, and the old one besides for six seconds', () => {
    homes.learn(socket, NEW);
    arrive();
    clock.advance(5_999);
    homes.learn(socket, NEW);
    expect([homes.of(socket), homes.besides(socket)]).toEqual([NEW, OLD]);
    clock.advance(1);
    expect([homes.of(socket), homes.besides(socket)]).toEqual([NEW, -1]);
    expect(fences).toEqual([]);
  });

  it('is the old one besides for as long as what was sent by it has not arrived', () => {
    homes.learn(socket, NEW);
    clock.advance(60_000);
    expect(homes.besides(socket)).toBe(OLD);
    arrive();
    arrive();
    expect(homes.besides(socket)).toBe(-1);
  });

  it('is asked for again when the fence was lost', () => {
    homes.learn(socket, NEW);
    const [lost] = fences.splice(0) as [number];
    clock.advance(6_000);
    homes.besides(socket);
    expect(fences).toHaveLength(1);
    homes.fenced(socket, lost);
    expect(homes.besides(socket)).toBe(OLD);
    arrive();
    expect(homes.besides(socket)).toBe(-1);
  });

  it('is the new one alone when the old one is gone', () => {
    homes.learn(socket, NEW);
    homes.settle(socket);
    expect([homes.of(socket), homes.besides(socket)]).toEqual([NEW, -1]);
  });

  it('is forgotten with the socket', () => {
    homes.learn(socket, NEW);
    homes.forget(socket);
    arrive();
    expect([homes.of(socket), homes.besides(socket)]).toEqual([OLD, -1]);
  });
});
