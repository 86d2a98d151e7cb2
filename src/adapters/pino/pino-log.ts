import { type DestinationStream, type Logger, pino, stdSerializers } from 'pino';
import type { Log } from '../../runtime/ports/log.ts';
import type { LogLevel, LogLevelControl } from '../../runtime/ports/log-level.ts';
import { REDACTED_PATHS } from './redacted-fields.ts';

const WEIGHT: Readonly<Record<LogLevel, number>> = { debug: 20, info: 30, warn: 40, error: 50, silent: 100 };

/** The process's log: `log` to write, the rest to steer it. */
export interface PinoLog extends LogLevelControl {
  readonly log: Log;
}

/** Lines as JSON to `destination`, credentials redacted. `bindings` stand in every line. */
export function createPinoLog(
  level: LogLevel,
  destination: DestinationStream,
  bindings: object = {},
): PinoLog {
  const threshold = { level, weight: WEIGHT[level] };
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
    log: new LeveledLog(logger, threshold),
    level: () => threshold.level,
    setLevel: (next) => {
      threshold.level = next;
      threshold.weight = WEIGHT[next];
    },
  };
}

class LeveledLog implements Log {
  private readonly logger: Logger;
  private readonly threshold: { readonly weight: number };

  constructor(logger: Logger, threshold: { readonly weight: number }) {
    this.logger = logger;
    this.threshold = threshold;
  }

  debug(fields: object, message: string): void {
    if (this.threshold.weight <= WEIGHT.debug) this.logger.debug(fields, message);
  }

  info(fields: object, message: string): void {
    if (this.threshold.weight <= WEIGHT.info) this.logger.info(fields, message);
  }

  warn(fields: object, message: string): void {
    if (this.threshold.weight <= WEIGHT.warn) this.logger.warn(fields, message);
  }

  error(fields: object, message: string): void {
    if (this.threshold.weight <= WEIGHT.error) this.logger.error(fields, message);
  }

  child(fields: object): Log {
    return new LeveledLog(this.logger.child(fields), this.threshold);
  }
}
