import { type DestinationStream, type Logger, pino, stdSerializers } from 'pino';
import { LogFocuses } from '../../runtime/log/log-focuses.ts';
import { LOG_WEIGHT } from '../../runtime/log/log-weight.ts';
import type { Clock } from '../../runtime/ports/clock.ts';
import type { Log, Subject } from '../../runtime/ports/log.ts';
import type { LogLevel, LogLevelControl } from '../../runtime/ports/log-level.ts';
import { SystemClock } from '../../runtime/time/system-clock.ts';
import { REDACTED_PATHS } from './redacted-fields.ts';

/** The process's log: `log` to write, the rest to steer it. */
export interface PinoLog extends LogLevelControl {
  readonly log: Log;
}

/** Lines as JSON to `destination`, credentials redacted. `bindings` stand in every line. */
export function createPinoLog(
  level: LogLevel,
  destination: DestinationStream,
  bindings: object = {},
  clock: Pick<Clock, 'after' | 'cancel' | 'wallNow'> = new SystemClock(),
): PinoLog {
  const focuses = new LogFocuses(clock);
  const threshold = { level, weight: LOG_WEIGHT[level] };
  const logger = pino(
    {
      // Children of pino keep the level they were born with; ours all ask `threshold` instead.
      level: 'debug',
      base: { ...bindings },
      redact: { paths: [...REDACTED_PATHS], censor: '[redacted]' },
      serializers: { err: stdSerializers.err, error: stdSerializers.err },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    destination,
  );
  return {
    log: new LeveledLog(logger, threshold, focuses),
    focuses,
    level: () => threshold.level,
    setLevel: (next) => {
      threshold.level = next;
      threshold.weight = LOG_WEIGHT[next];
    },
  };
}

class LeveledLog implements Log {
  private readonly logger: Logger;
  private readonly threshold: { readonly weight: number };
  private readonly focuses: LogFocuses;

  constructor(logger: Logger, threshold: { readonly weight: number }, focuses: LogFocuses) {
    this.logger = logger;
    this.threshold = threshold;
    this.focuses = focuses;
  }

  get follows(): boolean {
    return this.focuses.lowest <= LOG_WEIGHT.debug;
  }

  debug(fields: object, message: string, about?: Subject): void {
    if (this.writes(LOG_WEIGHT.debug, about)) this.logger.debug(fields, message);
  }

  info(fields: object, message: string, about?: Subject): void {
    if (this.writes(LOG_WEIGHT.info, about)) this.logger.info(fields, message);
  }

  warn(fields: object, message: string, about?: Subject): void {
    if (this.writes(LOG_WEIGHT.warn, about)) this.logger.warn(fields, message);
  }

  error(fields: object, message: string, about?: Subject): void {
    if (this.writes(LOG_WEIGHT.error, about)) this.logger.error(fields, message);
  }

  child(fields: object): Log {
    return new LeveledLog(this.logger.child(fields), this.threshold, this.focuses);
  }

  private writes(weight: number, about: Subject | undefined): boolean {
    if (this.threshold.weight <= weight) return true;
    return about !== undefined && this.focuses.lowest <= weight && this.focuses.admits(weight, about);
  }
}
