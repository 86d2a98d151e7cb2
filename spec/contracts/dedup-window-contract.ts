import { expect } from 'vitest';
import { HoldfastError } from '../../src/runtime/errors/holdfast-error.ts';
import type { DedupWindow } from '../../src/runtime/ports/dedup-window.ts';
import { type Clause, type ContractFixture, describeContract, type MakeFixture, pause } from './contract.ts';

export interface DedupWindowFixture extends ContractFixture {
  /** A handle on the window. Every call returns one on the same storage, maybe the same object. */
  open(): Promise<DedupWindow>;
  /** Ms that a key is remembered by this fixture. */
  readonly window: number;
  /** Lets so many ms pass for the adapter, really or on its clock. */
  passes(ms: number): Promise<void>;
}

/** The guarantees of `src/runtime/ports/dedup-window.ts`. */
export const DEDUP_WINDOW_CLAUSES: readonly Clause<DedupWindowFixture>[] = [
  {
    title: 'performs the work of the first use and hands its result to later ones',
    async check({ open, window, passes }) {
      const [one, other] = [await open(), await open()];
      const work = worker();
      expect(await one.run('k', work.once)).toEqual({ number: 1, text: 'ü', list: [null, true] });
      await passes(window / 2);
      expect(await other.run('k', work.once)).toEqual({ number: 1, text: 'ü', list: [null, true] });
      expect(work.done).toBe(1);
    },
  },
  {
    title: 'hands the result also to uses that come while the first still runs',
    async check({ open }) {
      const [one, other] = [await open(), await open()];
      const work = worker();
      const first = one.run('k', work.once);
      const results = await Promise.all([first, one.run('k', work.once), other.run('k', work.once)]);
      expect(results.map((result) => result.number)).toEqual([1, 1, 1]);
      expect(work.done).toBe(1);
    },
  },
  {
    title: 'keeps keys apart',
    async check({ open }) {
      const window = await open();
      const work = worker();
      const keys = ['a', 'b', '', '__proto__', 'constructor', 'a:b'];
      const results = await Promise.all(keys.map((key) => window.run(key, work.once)));
      expect(results.map((result) => result.number).toSorted()).toEqual([1, 2, 3, 4, 5, 6]);
    },
  },
  {
    title: 'frees the key of a first use that failed',
    async check({ open }) {
      const window = await open();
      const failure = new Error('the bus is down');
      const fail = () => Promise.reject(failure);
      await expect(window.run('k', fail)).rejects.toThrow('the bus is down');
      const work = worker();
      expect((await window.run('k', work.once)).number).toBe(1);
      expect((await window.run('k', work.once)).number).toBe(1);
    },
  },
  {
    title: 'keeps the key of a first use whose failure leaves open whether it was done',
    async check({ open, window, passes }) {
      const [one, other] = [await open(), await open()];
      const doubt = new HoldfastError('deadline_exceeded', 'the bus did not say');
      const isDoubt = ({ code }: HoldfastError) => code === 'deadline_exceeded';
      await expect(one.run('k', () => Promise.reject(doubt), isDoubt)).rejects.toBe(doubt);
      const work = worker();
      const again = { code: 'deadline_exceeded', message: 'the bus did not say' };
      await expect(one.run('k', work.once, isDoubt)).rejects.toMatchObject(again);
      await expect(other.run('k', work.once, isDoubt)).rejects.toMatchObject(again);
      expect(work.done).toBe(0);
      await passes(window * 1.5);
      expect((await other.run('k', work.once, isDoubt)).number).toBe(1);
      const refusal = new HoldfastError('unavailable', 'the bus is down');
      await expect(one.run('j', () => Promise.reject(refusal), isDoubt)).rejects.toBe(refusal);
      expect((await other.run('j', work.once, isDoubt)).number).toBe(2);
    },
  },
  {
    title: 'forgets a key after the window',
    async check({ open, window, passes }) {
      const dedup = await open();
      const work = worker();
      await dedup.run('k', work.once);
      await passes(window * 1.5);
      expect((await dedup.run('k', work.once)).number).toBe(2);
    },
  },
];

/** Judges an adapter of the dedup window. */
export function dedupWindowContract(name: string, make: MakeFixture<DedupWindowFixture>): void {
  describeContract('dedup window', DEDUP_WINDOW_CLAUSES, name, make);
}

/** Work that counts how often it was done and takes a moment. */
function worker() {
  const state = {
    done: 0,
    once: async () => {
      state.done += 1;
      const number = state.done;
      await pause(5);
      return { number, text: 'ü', list: [null, true] };
    },
  };
  return state;
}
