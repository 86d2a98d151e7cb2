import { formatTraceparent, isTraceId, isTraceparent } from './trace/traceparent.ts';

/**
 * The stages of a message's way from a client to the backend, and from there to clients. Each is known by when something
 * came to it (`X-Time-<stage>`) and by how long it stayed (`holdfast_delivery_delay_seconds{stage}`).
 */
export const STAGES = [
  /** Received from a client; waits to be handed to the log. Timed by the gateway. */
  'gateway',
  /** Handed to the log; waits for a consumer. Timed by the API node. */
  'log',
  /** Consumed; waits for its turn at the backend, also between two attempts. Timed by the API node. */
  'api',
  /** Asked of the backend, which has not answered. Timed by the API node. */
  'backend',
  /** Answered, pushed, or taken from `ws.downstream`; its receivers are looked up. Timed by the API node. */
  'dispatch',
  /** Posted to a node; waits to be read there. Timed by that gateway. */
  'mailbox',
  /** Read; waits to be written to the transports of clients. Timed by the gateway. */
  'delivery',
] as const;
export type Stage = (typeof STAGES)[number];

/** The way of a command or an acknowledgement up to the mailbox. */
export interface Trail {
  /** W3C Trace Context, as it came; empty when nobody began a trace. */
  readonly traceparent: string;
  /** When it came to each of `STAGES`, ms since 1970; 0 for one it did not pass. Ends with `dispatch`. */
  readonly times: readonly number[];
}

/** The trail of what begins here. `traceparent` is a stranger's text: what is none counts as none. */
export function freshTrail(traceparent: string, now: number): Trail {
  return { traceparent: isTraceparent(traceparent) ? traceparent : '', times: [0, 0, 0, 0, now] };
}

/** A trace known by its id only; empty for what is no id. Where nobody has decided whether it is sampled, others may. */
export function traceparentOf(traceId: string, isSampled = true): string {
  return isTraceId(traceId) ? formatTraceparent({ traceId, spanId: traceId.slice(16), isSampled }) : '';
}

/** What others are told of a trace that is not sampled here: whether it is, was decided. Undefined for what is no id. */
export function unsampled(traceId: string): string | undefined {
  return traceparentOf(traceId, false) || undefined;
}
