import type { Consumer } from 'kafkajs';
import type { Clock } from '../../runtime/ports/clock.ts';

/**
 * Whether a consumer can be sure that it is a member of its group, whose partitions are its own. A member that the
 * brokers have not heard of for the session is none any more, and finds out late if it stood still.
 */
export class Membership {
  private readonly clock: Pick<Clock, 'now'>;
  private readonly sessionTimeout: number;
  private heardAt = Number.NEGATIVE_INFINITY;

  /** @param sessionTimeout ms */
  constructor(clock: Pick<Clock, 'now'>, sessionTimeout: number) {
    this.clock = clock;
    this.sessionTimeout = sessionTimeout;
  }

  get isSure(): boolean {
    return this.clock.now() - this.heardAt <= this.sessionTimeout;
  }

  /** Only members are answered like that. */
  watch({ on, events }: Pick<Consumer, 'on' | 'events'>): void {
    const confirmed = () => this.confirmed();
    on(events.HEARTBEAT, confirmed);
    on(events.COMMIT_OFFSETS, confirmed);
  }

  /** The brokers have just said that it is a member. */
  confirmed(): void {
    this.heardAt = this.clock.now();
  }
}
