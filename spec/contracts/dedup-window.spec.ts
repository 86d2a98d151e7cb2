import { describe, expect, it } from 'vitest';
import { MemoryDedupWindow } from '../../src/adapters/memory/dedup-window.ts';
import type { DedupWindow } from '../../src/runtime/ports/dedup-window.ts';
import { SimulatedClock } from '../../src/runtime/time/simulated-clock.ts';
import { describeFaults, type Fault } from './contract.ts';
import {
  DEDUP_WINDOW_CLAUSES,
  type DedupWindowFixture,
  dedupWindowContract,
} from './dedup-window-contract.ts';

function fixture(make: (clock: SimulatedClock) => DedupWindow): DedupWindowFixture {
  const clock = new SimulatedClock();
  const window = make(clock);
  return {
    patience: 200,
    window: 60_000,
    open: async () => window,
    passes: async (ms) => clock.advance(ms),
    dispose: async () => {},
  };
}

dedupWindowContract('memory', () => fixture((clock) => new MemoryDedupWindow({ clock })));

const REMEMBERS_NOTHING: DedupWindow = { run: (_key, work) => work() };

/** Remembers results only once they are there. */
class Settled implements DedupWindow {
  readonly #results = new Map<string, unknown>();
  async run<T>(key: string, work: () => Promise<T>): Promise<T> {
    if (!this.#results.has(key)) this.#results.set(key, await work());
    return this.#results.get(key) as T;
  }
}

class Forever implements DedupWindow {
  readonly #results = new Map<string, Promise<unknown>>();
  run<T>(key: string, work: () => Promise<T>): Promise<T> {
    const known = this.#results.get(key) ?? work();
    this.#results.set(key, known);
    return known as Promise<T>;
  }
}

class TrimsKeys extends Forever {
  override run<T>(key: string, work: () => Promise<T>): Promise<T> {
    return super.run(key.split(':')[0]!, work);
  }
}

const fault = (breaks: string, name: string, make: () => DedupWindow): Fault<DedupWindowFixture> => ({
  breaks,
  fault: name,
  make: () => fixture(make),
});

describeFaults('dedup window', DEDUP_WINDOW_CLAUSES, [
  fault(
    'performs the work of the first use and hands its result to later ones',
    'a window that remembers nothing',
    () => REMEMBERS_NOTHING,
  ),
  fault(
    'hands the result also to uses that come while the first still runs',
    'a window that remembers only what is done',
    () => new Settled(),
  ),
  fault('keeps keys apart', 'a window that shortens keys', () => new TrimsKeys()),
  fault('frees the key of a first use that failed', 'a window that remembers failures', () => new Forever()),
  fault('forgets a key after the window', 'a window that never forgets', () => new Forever()),
]);

describe('the dedup window in memory', () => {
  it('holds no key and no timer once all have expired', async () => {
    const clock = new SimulatedClock();
    const window = new MemoryDedupWindow({ clock });
    await Promise.all(['a', 'b', 'c'].map((key) => window.run(key, async () => key)));
    expect([window.size, clock.nextDue()]).toEqual([3, 60_000]);
    clock.advance(60_000);
    expect([window.size, clock.nextDue()]).toEqual([0, Number.POSITIVE_INFINITY]);
  });

  it('keeps a key whose first use still runs, however long', async () => {
    const clock = new SimulatedClock();
    const window = new MemoryDedupWindow({ clock });
    let finish: (value: number) => void = () => {};
    const first = window.run('k', () => new Promise<number>((resolve) => (finish = resolve)));
    clock.advance(600_000);
    const second = window.run('k', async () => 2);
    finish(1);
    expect(await Promise.all([first, second])).toEqual([1, 1]);
  });

  it('refuses a new key when it holds as many as it may', async () => {
    const clock = new SimulatedClock();
    const window = new MemoryDedupWindow({ clock, maxKeys: 2 });
    await window.run('a', async () => 1);
    await window.run('b', async () => 2);
    await expect(window.run('c', async () => 3)).rejects.toMatchObject({ code: 'resource_exhausted' });
    expect(await window.run('a', async () => 4)).toBe(1);
    clock.advance(60_000);
    expect(await window.run('c', async () => 5)).toBe(5);
  });
});
