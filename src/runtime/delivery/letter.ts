import type { Body } from '../codec/body.ts';
import type { SocketDescription } from '../socket-description.ts';
import type { Trail } from '../trail.ts';
import type { AckResult, Command } from './command.ts';
import type { Target } from './target.ts';

/** What nodes write to each other. Plain data: a letter survives a trip through any bus. */
export type Letter =
  | CommandLetter
  | AcknowledgeLetter
  | ListLetter
  | {
      readonly kind: 'count';
      readonly to: Target;
      readonly namespace: string | null;
      /** Which of the users to name, so that those of several nodes can be united; null to count them only. */
      readonly share: UserShare | null;
      readonly reply: ReturnAddress;
    }
  | AnswerLetter
  | AckedLetter
  | WindowClosedLetter
  | StraysReadLetter
  | FenceLetter
  | FencedLetter
  | MovedLetter
  | ResidentsLetter;

/** A client acknowledged here what another node had asked it for. */
export interface AckedLetter {
  readonly kind: 'acked';
  readonly socket: string;
  readonly ackId: number;
  readonly body: Body;
}

/** Follows a socket by the node it was born on, behind everything that was sent there before. */
export interface FenceLetter {
  readonly kind: 'fence';
  readonly socket: string;
  readonly number: number;
  /** The node that wants to know of its arrival. */
  readonly from: number;
}

/** A fence has arrived where its socket lives. */
export interface FencedLetter {
  readonly kind: 'fenced';
  readonly socket: string;
  readonly number: number;
}

/** Sockets that were born elsewhere live here now. To all who write to sockets. */
export interface MovedLetter {
  readonly kind: 'moved';
  readonly sockets: readonly string[];
  readonly node: number;
}

/** Asks for a node's `moved` letters about all sockets it holds. The answer comes behind them, with their number. */
export interface ResidentsLetter {
  readonly kind: 'residents';
  readonly reply: ReturnAddress;
}

/** To oneself: everything that came before it has been read. */
export interface StraysReadLetter {
  readonly kind: 'straysRead';
  readonly connection: string;
}

/** From the old home of a session: nothing more is passed on. */
export interface WindowClosedLetter {
  readonly kind: 'windowClosed';
  readonly connection: string;
}

/** The answer to a client's own acknowledgement request. */
export interface AcknowledgeLetter {
  readonly kind: 'acknowledge';
  readonly id: string;
  readonly socket: string;
  readonly ackId: number;
  readonly body: Body;
  /** The way of the backend's answer; absent when nobody noted it. */
  readonly trail?: Trail;
  /** When it was posted, ms since 1970. */
  readonly time: number;
}

export interface AnswerLetter {
  readonly kind: 'answer';
  readonly correlation: number;
  /** The node that answers. */
  readonly from: number;
  /** Nodes the question was passed on to, for sockets that have moved there: each answers as well. */
  readonly also?: readonly number[];
  readonly answer: Answer;
}

/** The users whose hash leaves `index` when divided by `of`. A letter has a limited size. */
export interface UserShare {
  readonly index: number;
  readonly of: number;
}

export interface CommandLetter {
  readonly kind: 'command';
  /** Unique in the cluster: what a socket that has just moved was given already is told by it. */
  readonly id: string;
  /** All nodes the command was posted to. */
  readonly nodes: readonly number[];
  readonly command: Command;
  readonly reply: ReturnAddress | null;
  /** The old home of the socket it is for, which has passed it on; -1 for another node; absent when it came directly. */
  readonly passedBy?: number;
  /** It was posted directly, too, to the node to which it was passed on. */
  readonly repeats?: boolean;
  /** It was for these rooms only, before it was passed on to just those sockets that were in them. */
  readonly rooms?: readonly string[];
  /** When it was posted, ms since 1970. */
  readonly time: number;
}

export interface ListLetter {
  readonly kind: 'list';
  readonly to: Target;
  readonly namespace: string | null;
  readonly limit: number;
  /** Only sockets with ids above this one; empty at the start. */
  readonly after: string;
  readonly reply: ReturnAddress;
}

export interface ReturnAddress {
  readonly node: number;
  readonly correlation: number;
}

export type Answer =
  | { readonly kind: 'acks'; readonly result: AckResult }
  | { readonly kind: 'changed'; readonly sockets: number }
  | { readonly kind: 'page'; readonly sockets: readonly SocketDescription[] }
  | {
      readonly kind: 'count';
      readonly sockets: number;
      readonly users: number;
      /** 64-bit hashes of the users of the share asked for, 8 bytes each; null when none was. */
      readonly hashes: Uint8Array | null;
    };
