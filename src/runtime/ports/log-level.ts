/** Levels from most to least talkative. `silent` writes nothing. */
export const LOG_LEVELS = ['debug', 'info', 'warn', 'error', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** The level of the whole process, changed while it runs: loggers made earlier follow as well. */
export interface LogLevelControl {
  level(): LogLevel;
  setLevel(level: LogLevel): void;
}
