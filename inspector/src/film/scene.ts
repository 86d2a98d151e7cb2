import { signal } from '@preact/signals';
import type { MachineName } from '../../../src/runtime/ports/census.ts';

/** What the charts show of a film: the states lit, the arrows just taken, the timers that run. */
export interface Scene {
  readonly isShown: boolean;
  readonly machines: ReadonlyMap<MachineName, LitMachine>;
}

export interface LitMachine {
  readonly lit: ReadonlySet<string>;
  readonly taken: ReadonlySet<string>;
  /** By path of the state, then by delay: ms left, of how many. */
  readonly timers: ReadonlyMap<string, ReadonlyMap<string, { readonly left: number; readonly of: number }>>;
}

export const NOTHING_LIT: LitMachine = { lit: new Set(), taken: new Set(), timers: new Map() };
export const NO_SCENE: Scene = { isShown: false, machines: new Map() };
export const scene = signal<Scene>(NO_SCENE);
