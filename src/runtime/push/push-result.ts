import type { AckAnswer } from '../delivery/command.ts';
import type { HoldfastError } from '../errors/holdfast-error.ts';
import type { SocketDescription } from '../socket-description.ts';

/** What a push came to, before it takes the form of a response. */
export type PushResult = CommandResult | ListedResult | CountedResult | BatchResult;

export type CommandResult = AcceptedResult | AnsweredResult | AcknowledgedResult | ChangedResult;

/** An event without ack was accepted by the bus. */
export interface AcceptedResult {
  readonly kind: 'accepted';
  readonly messageId: string;
}

/** An event with `collect: "answers"`. */
export interface AnsweredResult {
  readonly kind: 'answered';
  readonly messageId: string;
  readonly answers: readonly AckAnswer[];
  readonly missing: readonly string[];
}

/** An event with `collect: "count"`. */
export interface AcknowledgedResult {
  readonly kind: 'acknowledged';
  readonly messageId: string;
  readonly acked: number;
  readonly expected: number;
}

/** A join, leave or disconnect. */
export interface ChangedResult {
  readonly kind: 'changed';
  readonly method: 'Join' | 'Leave' | 'Disconnect';
  readonly sockets: number;
}

export interface ListedResult {
  readonly kind: 'listed';
  readonly sockets: readonly SocketDescription[];
  readonly nextPageToken: string;
}

export interface CountedResult {
  readonly kind: 'counted';
  readonly sockets: number;
  readonly users: number;
}

export interface BatchResult {
  readonly kind: 'batch';
  readonly results: readonly (CommandResult | HoldfastError)[];
}
