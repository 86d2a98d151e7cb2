import type { ErrorCode } from '../errors/holdfast-error.ts';

/** What a failed attempt says about the next one, and about the backend. */
export interface FailureVerdict {
  /** Another attempt may succeed. */
  readonly retry: boolean;
  /** The backend as a whole seems down or overloaded: counts for the circuit breaker. */
  readonly isDown: boolean;
}

const DOWN: FailureVerdict = { retry: true, isDown: true };
const AGAIN: FailureVerdict = { retry: true, isDown: false };
const REFUSED: FailureVerdict = { retry: false, isDown: false };

/** A handler that throws (`internal`, `unknown`) may be tripped by one record only, and must not stop the others. */
export const FAILURE_VERDICTS: Readonly<Record<ErrorCode, FailureVerdict>> = {
  unavailable: DOWN,
  deadline_exceeded: DOWN,
  resource_exhausted: DOWN,
  aborted: AGAIN,
  canceled: AGAIN,
  internal: AGAIN,
  unknown: AGAIN,
  invalid_argument: REFUSED,
  not_found: REFUSED,
  already_exists: REFUSED,
  permission_denied: REFUSED,
  failed_precondition: REFUSED,
  out_of_range: REFUSED,
  unimplemented: REFUSED,
  data_loss: REFUSED,
  unauthenticated: REFUSED,
};
