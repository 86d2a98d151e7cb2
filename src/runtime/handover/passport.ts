import type { AssemblyStamp } from '../codec/attachment-assembler.ts';
import type { Frame } from '../codec/engine-packet.ts';
import type { Flavour } from '../codec/flavour.ts';
import type { Handshake } from '../connection/handshake.ts';
import type { LettersGiven } from './letters-seen.ts';

/** Shape of what follows: a node refuses passports of another version, and the client stays where it is. */
export const PASSPORT_VERSION = 4;

/** Everything of a session that travels to another node. Plain data. */
export interface Passport {
  readonly version: number;
  readonly idHigh: number;
  readonly idLow: number;
  readonly flavour: Flavour;
  readonly handshake: Handshake;
  /** Bits of `Flag` that are facts about the client. */
  readonly flags: number;
  /** Adaptive heartbeat: current distance (ms) and good beats since it last changed. */
  readonly interval: number;
  readonly goodBeats: number;
  readonly machine: MachineStamp;
  readonly sockets: readonly SocketStamp[];
  /** What waits for the client, oldest first. */
  readonly outbox: readonly Frame[];
  /** A binary packet that the client has begun; null when there is none. */
  readonly assembly: AssemblyStamp | null;
  /** Letters that the sockets were given already. */
  readonly given: LettersGiven;
}

/** Where a machine stands: name of its state, and its timers with the ms they have left. */
export interface MachineStamp {
  readonly state: string;
  readonly timers: readonly { readonly name: string; readonly remaining: number }[];
}

export interface SocketStamp {
  readonly id: string;
  readonly namespace: string;
  readonly user: string;
  /** Empty when it logged in without a token that could be revoked. */
  readonly tokenId: string;
  readonly rooms: readonly string[];
  /** Ms since 1970; Infinity when the login does not end. */
  readonly expiresAt: number;
  readonly machine: MachineStamp;
}
