import type { Command } from '../delivery/command.ts';
import type { ErrorCode } from '../errors/holdfast-error.ts';
import type { BackendMethod } from '../ports/backend-method.ts';

/** What is counted of the backend side. */
export interface BackendMetrics {
  /** One attempt: `holdfast_backend_duration_seconds{method,code}`. */
  called(method: BackendMethod, code: 'ok' | ErrorCode, seconds: number): void;
  /** A record was answered: so long (ms) it had waited here, and so long the attempt took that was. */
  answered(waited: number, took: number): void;
  /** An attempt failed and another will be made. */
  retried(method: BackendMethod): void;
  /** A record will never be heard: `holdfast_messages_dropped_total{reason}`. */
  dropped(reason: BackendDropReason): void;
  /** An acknowledgement or action in an answer could not be understood and was left out. */
  invalid(part: 'answer' | 'ack' | 'action'): void;
  /** An action was understood but could not be performed. */
  actionFailed(kind: Command['kind'], code: ErrorCode): void;
  breakerChanged(state: BreakerState): void;
  /** A log line like those before it was not written. */
  lineHeldBack(): void;
}

/**
 * - `backend queue full`: too much waits for the backend, of this socket or in all;
 * - `backend unavailable`: tried until the deadline;
 * - `backend refused`: answered with an error that trying again does not change.
 */
export type BackendDropReason = 'backend queue full' | 'backend unavailable' | 'backend refused';

export type BreakerState = 'closed' | 'open' | 'half-open';
