import type { Body } from '../codec/body.ts';
import type { Command } from '../delivery/command.ts';
import type { AuthenticationAttempt, Identity } from './authenticator.ts';
import type { UpstreamRecord } from './upstream-log.ts';

/** Protocols of calls in the words of OpenTelemetry (`rpc.system`). */
export type RpcSystem = 'connect_rpc' | 'grpc';

/**
 * Whoever hears what clients do: the backend at `backend.url`, or the subscribers of `EventService`.
 *
 * `call` is one attempt, within its own deadline (`backend.timeout`). It rejects with `HoldfastError`:
 * - `unimplemented`: nobody wants records of this kind; `hears` says no for a while;
 * - `unavailable`, `deadline_exceeded`, `resource_exhausted`, `aborted`, `internal`, `unknown`: worth another try;
 * - any other code: the record was refused, and would be again.
 *
 * The caller of this port sees to it that records of one socket come one at a time and in order.
 */
export interface BackendCaller {
  /** How the next call would be made. */
  readonly rpcSystem: RpcSystem;
  /** Whether records of this kind have a hearer now. When not, they need not be kept. */
  hears(kind: UpstreamRecord['kind']): boolean;
  /**
   * @param times when it came to each of `STAGES`, up to `backend`, which is now; ms since 1970
   * @param traceparent of this call, where it is traced
   */
  call(record: UpstreamRecord, times?: readonly number[], traceparent?: string): Promise<BackendAnswer>;
}

/** What a backend made of a record. Targets are complete: what the answer left out is the calling socket. */
export interface BackendAnswer {
  /** The client's acknowledgement, or `null` for none. */
  readonly ack: Body | null;
  /** To perform in order, after the acknowledgement. */
  readonly actions: readonly Command[];
}

export const NOTHING_TO_DO: BackendAnswer = Object.freeze({ ack: null, actions: [] });

/** Asks a backend who a client is (`OnAuthenticate`). */
export interface AuthenticationCaller {
  /** How the call is made. */
  readonly rpcSystem: RpcSystem;
  /**
   * Rejects with `AuthenticationFailed` when the backend said no, and with `HoldfastError` when it said nothing
   * that can be understood.
   */
  authenticate(question: AuthenticationQuestion): Promise<Identity>;
}

export interface AuthenticationQuestion {
  readonly attempt: AuthenticationAttempt;
  readonly messageId: string;
  /** 32 lower-case hex digits (W3C trace-id). */
  readonly traceId: string;
  /** Milliseconds since 1970. */
  readonly time: number;
  /** Of this call, where tracing is on. */
  readonly traceparent?: string | undefined;
}
