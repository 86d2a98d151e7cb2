/**
 * Time, as the runtime sees it. Everything that waits or stamps goes through here, so that a node can run in
 * virtual time inside a test.
 */
export interface Clock {
  /** Milliseconds on a monotonic scale with an arbitrary origin. Never goes back. For deadlines and durations. */
  now(): number;
  /** Milliseconds since 1970-01-01 UTC. May jump. For stamps that people or other machines read. */
  wallNow(): number;
  /** Calls back once after `ms`; returns what `cancel` takes. */
  after(ms: number, callback: () => void): TimerHandle;
  /** Calls back every `ms` until cancelled. Must not keep the process alive on its own. */
  every(ms: number, callback: () => void): TimerHandle;
  cancel(handle: TimerHandle): void;
}

/** Opaque: only the clock that issued it looks inside. */
export type TimerHandle = { readonly __timer: unique symbol } | number | object;
