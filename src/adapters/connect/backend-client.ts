import type { AnswerReader } from '../../runtime/backend/answer-reader.ts';
import type { AuthenticationCaller, BackendCaller } from '../../runtime/ports/backend.ts';
import type { Clock } from '../../runtime/ports/clock.ts';
import type { Random } from '../../runtime/ports/random.ts';

export interface BackendClientOptions {
  /** `backend.url`, see `parseBackendUrl`. */
  readonly url: string;
  /** `backend.timeout` in milliseconds. */
  readonly timeout: number;
  /** `backend.secret`; empty does not sign. */
  readonly secret: string;
  /** `backend.absentFor` in milliseconds. */
  readonly absentFor: number;
  /** Connections kept at most (HTTP/1.1), so `backend.concurrency`. */
  readonly connections: number;
  /** Largest answer, in bytes. */
  readonly maxAnswer: number;
  readonly reader: AnswerReader;
  readonly clock: Clock;
  readonly random: Pick<Random, 'bytes'>;
}

/** The backend at `backend.url`. */
export interface BackendClient extends BackendCaller, AuthenticationCaller {
  /** Ends kept connections; calls on their way fail. */
  close(): Promise<void>;
}
