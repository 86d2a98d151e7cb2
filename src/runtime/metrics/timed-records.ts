import type { Clock } from '../ports/clock.ts';
import type { UpstreamHandler } from '../ports/upstream-log.ts';
import type { Histogram } from './histogram.ts';

/**
 * A handler that also notes how long each record took from the gateway that received it to this consumer. Records
 * received in the same millisecond are handed out together, so one reading of the clock serves them all: it costs
 * more than handing a record out.
 */
export function timedRecords(
  handler: UpstreamHandler,
  clock: Pick<Clock, 'wallNow'>,
  delays: Histogram,
): UpstreamHandler {
  let received = -1;
  let delay = 0;
  return (record, settle) => {
    if (record.time !== received) {
      received = record.time;
      // Clocks of two nodes may differ; a record never arrives before it was sent.
      delay = Math.max(0, clock.wallNow() - received);
    }
    delays.observe(delay);
    handler(record, settle);
  };
}
