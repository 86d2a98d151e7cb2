import type { Clock } from '../ports/clock.ts';
import type { UpstreamHandler } from '../ports/upstream-log.ts';
import type { Histogram } from './histogram.ts';

export interface LogDelays {
  readonly log: Histogram;
  /** Where log and gateway are one process; null where the gateway counts for itself. */
  readonly gateway: Histogram | null;
}

/**
 * A handler that also notes how long each record was in the log. Records logged in the same millisecond are handed out
 * together, so one reading of the clock serves them all: it costs more than handing a record out.
 */
export function timedRecords(
  handler: UpstreamHandler,
  clock: Pick<Clock, 'wallNow'>,
  { log, gateway }: LogDelays,
): UpstreamHandler {
  let last = -1;
  let delay = 0;
  return (record, settle, standing) => {
    const logged = record.logged ?? record.time;
    if (logged !== last) {
      last = logged;
      // Clocks of two nodes may differ; a record never arrives before it was sent.
      delay = Math.max(0, clock.wallNow() - logged);
    }
    log.observe(delay);
    gateway?.observe(logged - record.time);
    handler(record, settle, standing);
  };
}
