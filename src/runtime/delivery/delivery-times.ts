import type { Outbound } from '../connection/outbound.ts';
import type { Histogram } from '../metrics/histogram.ts';
import type { Clock } from '../ports/clock.ts';
import { DeliverySpans } from '../trace/delivery-spans.ts';
import type { Tracer } from '../trace/tracer.ts';
import type { AcknowledgeLetter, CommandLetter } from './letter.ts';

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
  /** Null when tracing is off. */
  private readonly spans: DeliverySpans | null;
  private letters = 0;
  private received = 0;

  constructor(
    clock: Pick<Clock, 'wallNow'>,
    outbound: Outbound,
    delays: DeliveryDelays,
    defer: (callback: () => void) => void,
    tracer?: Tracer,
  ) {
    this.clock = clock;
    this.outbound = outbound;
    this.delays = delays;
    this.defer = defer;
    this.spans = tracer === undefined ? null : new DeliverySpans(tracer);
  }

  /** A letter has been read that makes something be written. */
  took(letter: AcknowledgeLetter | CommandLetter): void {
    if (this.letters++ === 0) {
      this.received = this.clock.wallNow();
      this.defer(this.written);
    }
    // Clocks of two nodes may differ; nothing arrives before it was posted. A node of another version may not say when.
    this.delays.mailbox.observe(Math.max(0, this.received - letter.time) || 0);
    this.spans?.took(letter, this.received);
  }

  /** When something is begun that may be traced; 0 when nothing is. */
  begun(): number {
    return this.spans === null ? 0 : this.clock.wallNow();
  }

  /** A letter has been carried out that changes sockets. It is no delivery, and only traced. */
  carriedOut(letter: CommandLetter, begun: number): void {
    this.spans?.carriedOut(letter, begun, this.clock.wallNow());
  }

  private readonly written = (): void => {
    this.outbound.flush();
    const now = this.clock.wallNow();
    this.delays.delivery.add(Math.max(0, now - this.received), this.letters);
    this.spans?.written(now);
    this.letters = 0;
  };
}
