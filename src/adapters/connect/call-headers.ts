import { WebhookSignature } from '../../runtime/backend/webhook-signature.ts';
import type { BackendMethod } from '../../runtime/ports/backend-method.ts';
import type { Clock } from '../../runtime/ports/clock.ts';
import type { Random } from '../../runtime/ports/random.ts';
import { STAGES } from '../../runtime/trail.ts';

export interface CallHeadersOptions {
  readonly secret: string;
  readonly clock: Clock;
  readonly random: Pick<Random, 'bytes'>;
}

/** A record, or a question about a client. */
interface Called {
  readonly messageId: string;
  readonly traceId: string;
}

const TIMES = STAGES.slice(0, STAGES.indexOf('backend') + 1).map((stage) => `x-time-${stage}`);

/** What every request to a backend carries beside its body: the trace (W3C Trace Context), the times of its way, and the signature. */
export class CallHeaders {
  readonly #signature: WebhookSignature | null;
  readonly #clock: Clock;
  readonly #random: Pick<Random, 'bytes'>;

  constructor({ secret, clock, random }: CallHeadersOptions) {
    this.#signature = secret === '' ? null : new WebhookSignature(secret);
    this.#clock = clock;
    this.#random = random;
  }

  /**
   * Names and values in turn, pushed onto `headers`.
   *
   * @param times when it came to each stage of its way so far
   * @param traceparent of the call, where it is traced
   */
  add(
    headers: string[],
    { messageId, traceId }: Called,
    body: string | Uint8Array,
    times: readonly number[],
    traceparent?: string,
  ): void {
    headers.push('traceparent', traceparent ?? this.#traceparent(traceId));
    for (let stage = 0; stage < times.length; stage++) headers.push(TIMES[stage]!, String(times[stage]));
    if (this.#signature === null) return;
    const seconds = Math.floor(this.#clock.wallNow() / 1000);
    headers.push('webhook-id', messageId, 'webhook-timestamp', `${seconds}`);
    headers.push('webhook-signature', this.#signature.sign(messageId, seconds, body));
  }

  /** Nobody has decided whether the trace is sampled: whoever is called may. */
  #traceparent(traceId: string): string {
    return `00-${traceId}-${Buffer.from(this.#random.bytes(8)).toString('hex')}-01`;
  }
}

export function methodPath(method: BackendMethod): string {
  return `/holdfast.v1.BackendService/${method}`;
}
