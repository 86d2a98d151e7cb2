import type { Body } from '../codec/body.ts';
import type { Trail } from '../trail.ts';
import type { Target } from './target.ts';

/**
 * What backends can ask of connected sockets, whichever door they came through (push API, an answer's
 * actions, `EventService`, Kafka). Commands are plain data and survive a trip through any bus.
 */
export type Command = EmitCommand | JoinCommand | LeaveCommand | DisconnectCommand;

interface Addressed {
  readonly to: Target;
  readonly except: Target;
  readonly namespace: string;
  /** Name of the push token that asked; absent when a backend's answer did. `X-Push-Client-ID` on Kafka. */
  readonly pushedBy?: string;
  /** The way it has come so far; absent when nobody asked for it. */
  readonly trail?: Trail;
}

export interface EmitCommand extends Addressed {
  readonly kind: 'emit';
  /** Unique in the cluster; what the push API answered with. Absent when a backend's answer asked. */
  readonly messageId?: string;
  readonly event: string;
  readonly body: Body;
  /** Dropped (and counted) for sockets whose transport cannot take it now. */
  readonly volatile: boolean;
  /** Present when clients shall acknowledge. */
  readonly ack: AckRequest | null;
}

export interface AckRequest {
  /** Milliseconds until the answer is given with whoever answered by then. */
  readonly timeout: number;
  readonly collect: 'answers' | 'count';
}

export interface JoinCommand extends Addressed {
  readonly kind: 'join';
  readonly rooms: readonly string[];
}

export interface LeaveCommand extends Addressed {
  readonly kind: 'leave';
  readonly rooms: readonly string[];
}

export interface DisconnectCommand extends Addressed {
  readonly kind: 'disconnect';
  /** Close the whole connection instead of leaving one namespace. */
  readonly closeConnection: boolean;
}

/** One client's acknowledgement. */
export interface AckAnswer {
  readonly socket: string;
  readonly body: Body;
}

/** What became of an `EmitCommand` with `ack`. `expected` sockets were asked; `missing` did not answer in time. */
export interface AckResult {
  readonly answers: readonly AckAnswer[];
  readonly acked: number;
  readonly expected: number;
  /** Public ids of the sockets that did not answer; empty when only counts were collected. */
  readonly missing: readonly string[];
}
