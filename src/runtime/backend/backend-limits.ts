import type { BackoffOptions } from './backoff.ts';
import type { CircuitBreakerOptions } from './circuit-breaker.ts';
import type { QueueLimits } from './queue-bounds.ts';

/** `backend.concurrency`, `.queue`, `.retry`, `.breaker`. Times in milliseconds, sizes in bytes. */
export interface BackendLimits {
  readonly concurrency: number;
  readonly queue: QueueLimits;
  readonly retry: BackoffOptions & { readonly deadline: number };
  readonly breaker: CircuitBreakerOptions;
}
