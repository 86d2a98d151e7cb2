import type { Strange } from './strange.ts';

/**
 * How the machines of this process look from above: their charts, and how many are in which state for how long. For the
 * admin listener. Lengths of time are ms on the timing wheel's scale: pauses of our own process do not count.
 */
export interface CensusOffice {
  /** The machines that this process runs, as their definitions have them. */
  charts(): readonly MachineChart[];
  /** Counts once. Throws `HoldfastError('invalid_argument')` for a filter that nothing can match. */
  take(filter: CensusFilter): Promise<Census>;
  /**
   * Counts at least twice a second until the returned function is called. `receive` must not throw. Null when as many
   * follow as may; throws as `take` does.
   */
  follow(filter: CensusFilter, receive: (census: Census) => void): (() => void) | null;
  /** Looks for what somebody should look at. */
  strange(): Promise<Strange>;
}

export type MachineName = 'connection' | 'socket' | 'node';

/** What is counted: everything that matches all that is given. What concerns sockets must be true of one socket. */
export interface CensusFilter {
  readonly node?: string;
  readonly transport?: string;
  readonly protocol?: string;
  readonly namespace?: string;
  readonly user?: string;
  readonly room?: string;
}

export interface Census {
  /** Milliseconds since 1970. */
  readonly time: number;
  readonly node: string;
  /** Connections that match. */
  readonly total: number;
  readonly machines: Readonly<Record<MachineName, MachineCensus>>;
}

export interface MachineCensus {
  /** By path of every state that anything is in: `open.transport.polling`, and `open` and `open.transport` with it. */
  readonly states: Readonly<Record<string, StateCensus>>;
  /** Per second, by id, over the last second; without those not taken. Null when a filter is set. */
  readonly arrows: Readonly<Record<string, number>> | null;
}

export interface StateCensus {
  readonly count: number;
  /** How long those who are in it have been there, ms, from a sample where they are many. */
  readonly p50: number;
  readonly p99: number;
}

export interface MachineChart {
  readonly id: MachineName;
  readonly description?: string;
  readonly root: StateChart;
  readonly arrows: readonly ArrowChart[];
}

export interface StateChart {
  /** Names from the outside in, joined by dots; empty for the machine itself. */
  readonly path: string;
  readonly key: string;
  readonly type: 'atomic' | 'compound' | 'parallel' | 'final';
  readonly description?: string;
  /** Path of the state entered first. */
  readonly initial?: string;
  /** Names of effects. */
  readonly entry: readonly string[];
  readonly exit: readonly string[];
  /** Delays that begin when it is entered, ms; null where the length differs from row to row. */
  readonly limit?: readonly { readonly delay: string; readonly ms: number | null }[];
  readonly states: readonly StateChart[];
}

export interface ArrowChart {
  /** `<source path>|<event>|<index among the source's transitions for this event>`. */
  readonly id: string;
  readonly source: string;
  /** Empty for one that leaves the state as it is. */
  readonly targets: readonly string[];
  /** Timers as `<delay>@<state path>`; empty for a transition taken without an event. */
  readonly event: string;
  readonly guard?: string;
  /** Names of effects. */
  readonly actions: readonly string[];
  readonly description?: string;
}
