import type { Clock } from '../ports/clock.ts';
import type { UpstreamHandler } from '../ports/upstream-log.ts';
import type { Histogram } from './histogram.ts';

/** A handler that also notes how long each record took from the gateway that received it to this consumer. */
export function timedRecords(
  handler: UpstreamHandler,
  clock: Pick<Clock, 'wallNow'>,
  delays: Histogram,
): UpstreamHandler {
  return (record, settle) => {
    // Clocks of two nodes may differ; a record never arrives before it was sent.
    delays.observe(Math.max(0, clock.wallNow() - record.time));
    handler(record, settle);
  };
}
