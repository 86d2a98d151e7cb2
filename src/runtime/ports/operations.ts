import type { FocusKind, LogLevel } from './log-level.ts';

/** Who or what more is to be written about. */
export interface FocusRequest {
  readonly of: FocusKind;
  readonly name: string;
  /** How long it stays. */
  readonly milliseconds: number;
}

/** What an operator may do to clients and to the node. Everything is said in the log, with who asked for it. */
export interface Operations {
  /**
   * Says the farewell to a connection. Throws `HoldfastError`: `invalid_argument` for a reason that is no operator's to
   * give, `not_found` where there is no such connection, `failed_precondition` when it is closing already.
   *
   * @param from address of whoever asks, for the log
   */
  closeConnection(id: string, reason: string, from: string): void;
  /** The same for all connections of a user on this node; says how many there were. */
  closeUser(user: string, reason: string, from: string): number;
  /** Sets the level of the whole process. */
  setLogLevel(level: LogLevel, from: string): void;
  /** For one user or room, for a while; null ends it early. Throws `resource_exhausted` when there are too many. */
  focusLog(focus: FocusRequest, level: LogLevel | null, from: string): void;
  /** Only says that somebody films a connection. */
  watches(id: string, from: string): void;
  /** As SIGTERM does; a second one hurries. */
  drain(from: string): void;
}
