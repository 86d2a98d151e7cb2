import type { Outbound } from '../connection/outbound.ts';
import type { Histogram } from '../metrics/histogram.ts';
import type { Clock } from '../ports/clock.ts';

export interface DeliveryDelays {
  readonly mailbox: Histogram;
  readonly delivery: Histogram;
}

/**
 * How long what this node delivers was in its mailbox, and from there takes to be written to the transports. Letters of
 * one tick are looked at together, behind the writes: the clock is read twice a tick, not twice a letter.
 */
export class DeliveryTimes {
  private readonly clock: Pick<Clock, 'wallNow'>;
  private readonly outbound: Outbound;
  private readonly delays: DeliveryDelays;
  private readonly defer: (callback: () => void) => void;
  private letters = 0;
  private received = 0;

  constructor(
    clock: Pick<Clock, 'wallNow'>,
    outbound: Outbound,
    delays: DeliveryDelays,
    defer: (callback: () => void) => void,
  ) {
    this.clock = clock;
    this.outbound = outbound;
    this.delays = delays;
    this.defer = defer;
  }

  /**
   * A letter has been read that makes something be written.
   *
   * @param posted when it was, ms since 1970
   */
  took(posted: number): void {
    if (this.letters++ === 0) {
      this.received = this.clock.wallNow();
      this.defer(this.written);
    }
    // Clocks of two nodes may differ; nothing arrives before it was posted. A node of another version may not say when.
    this.delays.mailbox.observe(Math.max(0, this.received - posted) || 0);
  }

  private readonly written = (): void => {
    this.outbound.flush();
    this.delays.delivery.add(Math.max(0, this.clock.wallNow() - this.received), this.letters);
    this.letters = 0;
  };
}
