import type { Body } from '../codec/body.ts';
import type { SocketDescription } from '../socket-description.ts';
import type { AckResult, Command } from './command.ts';
import type { Target } from './target.ts';

/** What nodes write to each other. Plain data: a letter survives a trip through any bus. */
export type Letter =
  | CommandLetter
  | { readonly kind: 'acknowledge'; readonly socket: string; readonly ackId: number; readonly body: Body }
  | ListLetter
  | {
      readonly kind: 'count';
      readonly to: Target;
      readonly namespace: string | null;
      readonly reply: ReturnAddress;
    }
  | { readonly kind: 'answer'; readonly correlation: number; readonly answer: Answer };

export interface CommandLetter {
  readonly kind: 'command';
  readonly command: Command;
  readonly reply: ReturnAddress | null;
  /** When the command was accepted, ms since 1970. */
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
  | { readonly kind: 'count'; readonly sockets: number; readonly users: number };
