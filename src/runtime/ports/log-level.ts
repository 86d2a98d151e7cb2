/** Levels from most to least talkative. `silent` writes nothing. */
export const LOG_LEVELS = ['debug', 'info', 'warn', 'error', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** The level of the whole process, changed while it runs: loggers made earlier follow as well. */
export interface LogLevelControl {
  level(): LogLevel;
  setLevel(level: LogLevel): void;
  /** Users and rooms about which more is written than about others. */
  readonly focuses: LogFocusControl;
}

export interface LogFocusControl {
  /** Takes the place of an earlier one for the same name. Throws `resource_exhausted` when there are too many. */
  set(of: FocusKind, name: string, level: LogLevel, milliseconds: number): void;
  end(of: FocusKind, name: string): void;
  list(): readonly LogFocus[];
}

export type FocusKind = 'user' | 'room';

/** Lines about this user or room are written from `level` on, though the process is at a higher one. */
export interface LogFocus {
  readonly of: FocusKind;
  readonly name: string;
  readonly level: LogLevel;
  /** When it ends by itself, ms since 1970. */
  readonly until: number;
}
