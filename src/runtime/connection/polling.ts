import type { ConnectionEvent } from '../../machines/connection-vocabulary.ts';
import type { CodecLimits } from '../codec/codec-limits.ts';
import { engineRevision } from '../codec/flavour.ts';
import { ParseError } from '../codec/parse-error.ts';
import { decodeBinaryPayloadV3, decodeTextPayloadV3 } from '../codec/payload-v3.ts';
import { decodePayloadV4 } from '../codec/payload-v4.ts';
import type { EngineErrorName } from '../errors/engine-error.ts';
import type { PostFailure } from '../ports/peers.ts';
import type { Poll } from '../ports/poll.ts';
import type { Connection } from './connection.ts';
import type { ConnectionMachine } from './connection-machine.ts';
import { ConnectionTicket } from './connection-ticket.ts';
import { type Inbound, reasonOf } from './inbound.ts';
import type { Outbound } from './outbound.ts';

export interface PollingParts {
  readonly machine: ConnectionMachine;
  readonly inbound: Inbound;
  readonly outbound: Outbound;
  readonly limits: CodecLimits;
  /** The client was heard. */
  readonly touch: (connection: Connection) => void;
  readonly fault: (connection: Connection, error: unknown) => void;
}

/**
 * The polling transport: GET fetches packets, POST brings them, one of each at a time.
 * Source: Engine.IO protocol, "HTTP long-polling".
 */
export class Polling {
  private readonly parts: PollingParts;

  constructor(parts: PollingParts) {
    this.parts = parts;
  }

  /** A GET for packets. Keeps or answers it; or says why it is refused. */
  poll(connection: Connection, poll: Poll): EngineErrorName | null {
    if (connection.webSocket !== null) return 'badRequest';
    if (connection.poll !== null) {
      // Two polls at once would race for the packets.
      this.signal(connection, 'PROTOCOL_VIOLATED');
      return 'badRequest';
    }
    if (this.parts.machine.isClosing(connection.row)) {
      connection.poll = poll;
      this.signal(connection, 'POLL_RECEIVED');
      return null;
    }
    this.parts.outbound.poll(connection, poll);
    return null;
  }

  aborted(connection: Connection, poll: Poll): void {
    if (connection.poll !== poll) return;
    connection.poll = null;
    this.signal(connection, 'TRANSPORT_CLOSED');
  }

  /** A POST begins. The ticket goes to exactly one of `post`, `postAborted`, `postTooLarge`. */
  beginPost(connection: Connection, binary: boolean): ConnectionTicket | EngineErrorName {
    if (connection.webSocket !== null) return 'badRequest';
    if (connection.posting || (binary && engineRevision(connection.flavour) === 4)) {
      this.signal(connection, 'PROTOCOL_VIOLATED');
      return 'badRequest';
    }
    connection.posting = true;
    return new ConnectionTicket(connection);
  }

  /** The body of a POST. Returns why it is refused, or null when its packets were taken. */
  post(ticket: ConnectionTicket, body: Uint8Array | null, binary: boolean): EngineErrorName | null {
    const { connection } = ticket;
    if (!ticket.isLive()) return 'unknownSession';
    connection.posting = false;
    if (connection.reason !== null) return 'badRequest';
    const { limits } = this.parts;
    if (body === null) return this.refusePayload(connection, ParseError.ILLEGAL_JSONP_BODY, 0);
    const { error, packets } =
      engineRevision(connection.flavour) === 4
        ? decodePayloadV4(body, limits.maxPacketsPerPayload)
        : binary
          ? decodeBinaryPayloadV3(body, limits.maxPacketsPerPayload)
          : decodeTextPayloadV3(body, limits.maxPacketsPerPayload);
    if (error !== ParseError.NONE) return this.refusePayload(connection, error, body.length);
    this.parts.touch(connection);
    try {
      this.parts.inbound.payload(connection, packets);
    } catch (fault) {
      this.parts.fault(connection, fault);
    }
    // A client that said goodbye in this POST still gets its `ok`.
    return ticket.isLive() && connection.reason === 'parse error' ? 'badRequest' : null;
  }

  postAborted(ticket: ConnectionTicket): void {
    if (!ticket.isLive()) return;
    ticket.connection.posting = false;
    this.signal(ticket.connection, 'TRANSPORT_CLOSED');
  }

  postTooLarge(ticket: ConnectionTicket): void {
    if (!ticket.isLive()) return;
    ticket.connection.posting = false;
    this.parts.inbound.observer?.signCame(ticket.connection, 'polling', 'too large', 0);
    this.signal(ticket.connection, 'PAYLOAD_TOO_LARGE');
  }

  /** A POST whose packets did not come as far as this. Returns what its client is told; null when it has gone. */
  postFailed(connection: Connection, binary: boolean, failure: PostFailure): EngineErrorName | null {
    const ticket = this.beginPost(connection, binary);
    if (typeof ticket === 'string') return ticket;
    switch (failure) {
      case 'oversized':
        this.postTooLarge(ticket);
        return 'payloadTooLarge';
      case 'illegal':
        return this.post(ticket, null, binary);
      case 'aborted':
        this.postAborted(ticket);
        return null;
      default:
        return failure satisfies never;
    }
  }

  private refusePayload(connection: Connection, error: ParseError, size: number): EngineErrorName {
    this.parts.inbound.observer?.signCame(connection, 'polling', 'illegal payload', size);
    this.signal(connection, reasonOf(error));
    return 'badRequest';
  }

  private signal(connection: Connection, event: ConnectionEvent): void {
    this.parts.machine.send(connection.row, event);
  }
}
