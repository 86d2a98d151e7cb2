import type { ErrorCode } from '../errors/holdfast-error.ts';
import type { PushMethod } from '../ports/push-method.ts';

/** What is counted of the push API, on every door. */
export interface PushMetrics {
  /**
   * `holdfast_push_requests_total{method,code}` and `holdfast_push_duration_seconds`. `token` is the name of the
   * bearer token, empty when there was none or a wrong one. `seconds` include the wait for acknowledgements.
   */
  finished(method: PushMethod, code: 'ok' | ErrorCode, token: string, seconds: number): void;
  /** A log line like those before it was not written. */
  lineHeldBack(): void;
}
