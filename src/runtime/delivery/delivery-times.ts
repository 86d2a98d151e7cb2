import type { Outbound } from '../connection/outbound.ts';
import type { Histogram } from '../metrics/histogram.ts';
import type { Clock } from '../ports/clock.ts';

/**
 * How long deliveries take from being accepted, on whichever node, to being written to the transports of this one.
 * All of one tick are looked at together, behind the writes.
 */
export class DeliveryTimes {
  private readonly clock: Pick<Clock, 'wallNow'>;
  private readonly outbound: Outbound;
  private readonly delays: Histogram;
  private readonly defer: (callback: () => void) => void;
  private accepted: number[] = [];

  constructor(
    clock: Pick<Clock, 'wallNow'>,
    outbound: Outbound,
    delays: Histogram,
    defer: (callback: () => void) => void,
  ) {
    this.clock = clock;
    this.outbound = outbound;
    this.delays = delays;
    this.defer = defer;
  }

  /** @param time when the delivery was accepted, ms since 1970 */
  delivered(time: number): void {
    if (this.accepted.push(time) === 1) this.defer(this.observe);
  }

  private readonly observe = (): void => {
    this.outbound.flush();
    const now = this.clock.wallNow();
    // Clocks of two nodes may differ; a delivery never arrives before it was accepted.
    for (const time of this.accepted) this.delays.observe(Math.max(0, now - time));
    this.accepted = [];
  };
}
