import type { LogLevel } from '../ports/log-level.ts';

/** Levels in numbers, as pino has them. */
export const LOG_WEIGHT: Readonly<Record<LogLevel, number>> = {
  debug: 20,
  info: 30,
  warn: 40,
  error: 50,
  silent: 100,
};
