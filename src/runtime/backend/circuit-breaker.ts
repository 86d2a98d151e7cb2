import type { Clock } from '../ports/clock.ts';
import type { BreakerState } from './backend-metrics.ts';

export interface CircuitBreakerOptions {
  /** So many failures in a row open it. */
  readonly failures: number;
  /** Milliseconds until one call is tried again. */
  readonly pause: number;
}

/**
 * Stops calling who is down: closed (calls run), open (none), half-open (one, as a trial). Failures of calls that
 * were on their way when it opened change nothing.
 */
export class CircuitBreaker {
  #state: BreakerState = 'closed';
  #failures = 0;
  #reopens = 0;
  readonly #options: CircuitBreakerOptions;
  readonly #clock: Pick<Clock, 'now'>;
  readonly #changed: (state: BreakerState) => void;

  constructor(
    options: CircuitBreakerOptions,
    clock: Pick<Clock, 'now'>,
    changed: (state: BreakerState) => void = () => undefined,
  ) {
    this.#options = options;
    this.#clock = clock;
    this.#changed = changed;
  }

  get state(): BreakerState {
    return this.#state;
  }

  /** Milliseconds until `acquire` can succeed again; Infinity while the trial runs, 0 when closed. */
  wait(): number {
    switch (this.#state) {
      case 'closed':
        return 0;
      case 'open':
        return Math.max(0, this.#reopens - this.#clock.now());
      case 'half-open':
        return Number.POSITIVE_INFINITY;
    }
  }

  /** Whether a call may be made now. In the open state's end it is the trial, which must then report. */
  acquire(): boolean {
    if (this.#state === 'closed') return true;
    if (this.#state === 'half-open' || this.#clock.now() < this.#reopens) return false;
    this.#become('half-open');
    return true;
  }

  succeeded(): void {
    this.#failures = 0;
    this.#become('closed');
  }

  failed(): void {
    this.#failures++;
    if (
      this.#state === 'half-open' ||
      (this.#state === 'closed' && this.#failures >= this.#options.failures)
    ) {
      this.#reopens = this.#clock.now() + this.#options.pause;
      this.#become('open');
    }
  }

  #become(state: BreakerState): void {
    if (this.#state === state) return;
    this.#state = state;
    this.#changed(state);
  }
}
