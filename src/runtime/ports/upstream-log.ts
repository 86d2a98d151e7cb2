import type { Body } from '../codec/body.ts';
import type { SocketDescription } from '../socket-description.ts';

/**
 * The log that carries what clients do to whoever speaks for the backend (`ws.upstream` on Kafka).
 *
 * Guarantees every adapter gives:
 * - records of one socket (`key`) are handed out in the order they were appended, to one consumer of the group
 *   at a time;
 * - a record is handed out again (to this or another consumer) until it was settled: at least once. Whoever has it in
 *   hand then can learn that it was taken back;
 * - `append` either accepts a record or throws `HoldfastError('resource_exhausted' | 'unavailable')`; it never
 *   drops one silently. It does not block.
 */
export interface UpstreamLog {
  append(record: UpstreamRecord): void;
  /** Joins the consumer group. `handler` must not throw; it settles each record when it is done with it. */
  consume(handler: UpstreamHandler): UpstreamSubscription;
  /**
   * Resolves when everything appended so far was accepted by the log's storage; rejects when it will not be. What only some
   * sockets wait for is waited for if it is these, when told which; a log may wait for more.
   */
  flush(sockets?: readonly string[]): Promise<void>;
  close(): Promise<void>;
}

/**
 * `settle` is called once per record, in any order; not calling it holds the record's place in the log.
 *
 * `standing` is asked before anything is done with a record that waited. One that was taken back is to be let go of,
 * unsettled; what was begun before that may go on.
 */
export type UpstreamHandler = (record: UpstreamRecord, settle: () => void, standing: () => Standing) => void;

/**
 * Whose a record in hand is. `in doubt`: the log cannot say at this moment, so whoever can wait does. `taken back`, for
 * good: it is handed out again, here or elsewhere.
 */
export type Standing = 'ours' | 'in doubt' | 'taken back';

export interface UpstreamSubscription {
  /** Stops handing out records; resolves when those handed out are settled or `deadline` (ms) passed. */
  stop(deadline: number): Promise<void>;
}

interface UpstreamFacts {
  /** Partition key: the socket's public id. */
  readonly key: string;
  readonly socket: SocketDescription;
  /** Number of the node that holds the socket. */
  readonly home: number;
  /** Stable over redeliveries. */
  readonly messageId: string;
  /** 32 lower-case hex digits (W3C trace-id). */
  readonly traceId: string;
  /** When the gateway received it, ms since 1970. */
  readonly time: number;
  /** When it was handed to the log's storage, ms since 1970; absent where that is the same. */
  readonly logged?: number | undefined;
}

export interface ConnectRecord extends UpstreamFacts {
  readonly kind: 'connect';
  /** JSON text of the CONNECT payload, or `null`. */
  readonly auth: string | null;
  readonly query: Readonly<Record<string, string>>;
  readonly headers: Readonly<Record<string, string>>;
}

export interface MessageRecord extends UpstreamFacts {
  readonly kind: 'message';
  readonly event: string;
  readonly body: Body;
  /** The client's ack id, or -1 when it wants none. */
  readonly ackId: number;
}

export interface DisconnectRecord extends UpstreamFacts {
  readonly kind: 'disconnect';
  readonly reason: string;
}

export type UpstreamRecord = ConnectRecord | MessageRecord | DisconnectRecord;
