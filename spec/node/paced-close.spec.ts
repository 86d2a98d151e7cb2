import { describe, expect, it } from 'vitest';
import { Flavour } from '../../src/runtime/codec/flavour.ts';
import type { Connection } from '../../src/runtime/connection/connection.ts';
import { ConnectionTable } from '../../src/runtime/connection/connection-table.ts';
import { closePaced } from '../../src/runtime/connection/paced-close.ts';
import { SimulatedClock } from '../../src/runtime/time/simulated-clock.ts';

/** When each of `count` connections was told to close, ms after the start. */
function pace(count: number, rate: number, within: number): { times: number[]; done: Promise<void> } {
  const clock = new SimulatedClock();
  const table = new ConnectionTable();
  for (let i = 0; i < count; i++) table.get(Flavour.JSON_V4, { address: '', query: '', headers: '' });
  const times: number[] = [];
  const close = (connection: Connection) => {
    times.push(clock.now());
    table.put(connection);
  };
  const done = closePaced({ table, clock, rate, within, close });
  clock.advance(within);
  return { times, done };
}

describe('closing connections at a pace', () => {
  it('closes so many a second', async () => {
    const { times, done } = pace(1000, 500, 30_000);
    await done;
    for (let second = 0; second < 2; second++) {
      const inSecond = times.filter((time) => Math.floor(time / 1000) === second);
      expect(inSecond.length).toBeGreaterThanOrEqual(475);
      expect(inSecond.length).toBeLessThanOrEqual(525);
    }
  });

  it('goes as slowly as it is told, one by one', async () => {
    const { times, done } = pace(5, 2, 30_000);
    await done;
    expect(times).toEqual([0, 500, 1000, 1500, 2000]);
  });

  it('goes faster when it would not be through in time', async () => {
    const { times, done } = pace(900, 1, 10_000);
    await done;
    expect(times).toHaveLength(900);
    expect(times.at(-1)).toBeLessThanOrEqual(9_000);
  });

  it('is through at once when nobody is there', async () => {
    const { times, done } = pace(0, 500, 30_000);
    await done;
    expect(times).toEqual([]);
  });
});
