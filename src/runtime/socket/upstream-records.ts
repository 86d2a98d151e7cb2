import type { Body } from '../codec/body.ts';
import { type Handshake, headersOf, queryOf } from '../connection/handshake.ts';
import { toDecimal } from '../identity/snowflake-decimal.ts';
import type { ConnectRecord, DisconnectRecord, MessageRecord } from '../ports/upstream-log.ts';
import type { SocketDescription } from '../socket-description.ts';

/**
 * What a socket did, as the upstream log wants it. Ids are kept as the numbers of a Snowflake and written out
 * when somebody reads them: in a process without a backend nobody does.
 */
abstract class RecordFacts {
  readonly key: string;
  readonly socket: SocketDescription;
  readonly time: number;
  readonly home: number;
  private readonly idHigh: number;
  private readonly idLow: number;

  constructor({ socket, idHigh, idLow, time, home }: UpstreamFacts) {
    this.key = socket.id;
    this.socket = socket;
    this.idHigh = idHigh;
    this.idLow = idLow;
    this.time = time;
    this.home = home;
  }

  get messageId(): string {
    return toDecimal(this.idHigh, this.idLow);
  }

  /** A W3C trace-id that is unique because the Snowflake is. */
  get traceId(): string {
    return TRACE_PREFIX + hex(this.idHigh) + hex(this.idLow);
  }
}

export class UpstreamConnect extends RecordFacts implements ConnectRecord {
  readonly kind = 'connect';
  readonly auth: string | null;
  private readonly handshake: Handshake;

  constructor(facts: UpstreamFacts, auth: string | null, handshake: Handshake) {
    super(facts);
    this.auth = auth;
    this.handshake = handshake;
  }

  get query(): Readonly<Record<string, string>> {
    return queryOf(this.handshake);
  }

  get headers(): Readonly<Record<string, string>> {
    return headersOf(this.handshake);
  }
}

export class UpstreamMessage extends RecordFacts implements MessageRecord {
  readonly kind = 'message';
  readonly event: string;
  readonly body: Body;
  readonly ackId: number;

  constructor(facts: UpstreamFacts, event: string, body: Body, ackId: number) {
    super(facts);
    this.event = event;
    this.body = body;
    this.ackId = ackId;
  }
}

export class UpstreamDisconnect extends RecordFacts implements DisconnectRecord {
  readonly kind = 'disconnect';
  readonly reason: string;

  constructor(facts: UpstreamFacts, reason: string) {
    super(facts);
    this.reason = reason;
  }

  /**
   * The socket's own, which no message bears: should its node die before it is known that this was said, another says
   * it again, under the same.
   */
  override get messageId(): string {
    return this.key;
  }
}

export interface UpstreamFacts {
  readonly socket: SocketDescription;
  readonly idHigh: number;
  readonly idLow: number;
  readonly time: number;
  /** Number of the node. */
  readonly home: number;
}

const TRACE_PREFIX = '686f6c6466617374';

function hex(word: number): string {
  return word.toString(16).padStart(8, '0');
}
