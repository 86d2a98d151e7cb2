import { HoldfastError } from '../errors/holdfast-error.ts';
import type { Clock, TimerHandle } from '../ports/clock.ts';
import type { LeaseRequest, LeaseStore } from '../ports/lease-store.ts';
import type { Log } from '../ports/log.ts';

/** A node number that is ours until `release`, or until it is lost. */
export interface Lease {
  readonly number: number;
  readonly epoch: number;
  readonly slot: number;
  readonly owner: string;
  /** Ms since 1970: no id later than this was issued under the number before. */
  readonly reached: number;
}

/** What the keeper of a lease says. */
export interface LeaseEvents {
  /** The lease may be somebody else's by now: nothing may be produced under its number. */
  readonly suspended: () => void;
  /** It was not: everything goes on. */
  readonly resumed: () => void;
  /** It was taken, or the node's sessions were buried: they must end, and another lease is needed. */
  readonly lost: () => void;
}

export interface LeaseKeeperOptions {
  readonly store: LeaseStore;
  readonly request: LeaseRequest;
  readonly clock: Clock;
  readonly log: Log;
  /** Time of the last id issued, ms since 1970. A renewal records the last that may be issued under it. */
  readonly reached: () => number;
  /** Shown to whoever looks at the nodes, such as `{ connections: 12 }`. */
  readonly load: () => Record<string, number>;
  readonly events: LeaseEvents;
}

/** How many times a lease is renewed within its life. */
const RENEWALS = 3;
/** How often a lease that somebody else holds is asked for, ms. */
const ASK_AGAIN = 1_000;

/**
 * Gets and keeps this node's number. A lease that could not be renewed in time is suspended, on this machine's
 * monotonic clock and counted from before the last renewal was sent, so that it ends here before it ends in the store.
 */
export class LeaseKeeper {
  /** Why there is no lease, for people; empty when there is one. */
  trouble = 'not asked for yet';
  private readonly options: LeaseKeeperOptions;
  /** The store has forgotten the lease, and with it the node: nobody else can say what becomes of its sessions. */
  isForgotten = false;
  private lease: Lease | null = null;
  private validUntil = 0;
  private suspended = false;
  private timer: TimerHandle | null = null;
  private deadline: TimerHandle | null = null;
  private stopped = false;

  constructor(options: LeaseKeeperOptions) {
    this.options = options;
  }

  get current(): Lease | null {
    return this.lease;
  }

  /**
   * Whether the number is surely ours at this moment. A process that stood still may be asked before any timer has
   * told it of its deadline.
   */
  holds(): boolean {
    return this.lease !== null && !this.suspended && this.options.clock.now() < this.validUntil;
  }

  /** For how long (ms) it still surely is; 0 when it is not. */
  get remaining(): number {
    return this.holds() ? this.validUntil - this.options.clock.now() : 0;
  }

  /** Resolves when there is a lease, however long somebody else holds it; with null when stopped before. */
  async acquire(): Promise<Lease | null> {
    const { store, request, clock, log } = this.options;
    while (!this.stopped) {
      const asked = clock.now();
      try {
        const outcome = await store.acquire(request);
        if (outcome.kind === 'granted') {
          this.lease = { ...outcome, owner: request.owner };
          this.granted(asked);
          return this.lease;
        }
        this.say(`number is held by ${outcome.by}`);
      } catch (error) {
        this.say(error instanceof HoldfastError ? error.message : String(error));
      }
      await new Promise<void>((resolve) => clock.after(ASK_AGAIN, resolve));
    }
    log.debug({}, 'stopped while waiting for a node number');
    return null;
  }

  /** Shows the load as it is now. A renewal that is on its way already may not have it; the next one has. */
  async show(): Promise<void> {
    if (this.timer === null) return;
    this.options.clock.cancel(this.timer);
    this.timer = null;
    await this.renew();
  }

  /** Gives the number back: a successor need not wait. */
  async release(): Promise<void> {
    this.stop();
    const { lease } = this;
    this.lease = null;
    if (lease === null) return;
    const { store, reached, load, request } = this.options;
    // Whoever comes next need not stay behind what we might still have issued.
    await store.renew(lease, reached(), load(), request.ttl);
    await store.release(lease);
  }

  /** Looks after it no longer. */
  stop(): void {
    this.stopped = true;
    this.cancel();
  }

  private granted(asked: number): void {
    const { request } = this.options;
    this.trouble = '';
    this.suspended = false;
    this.extend(asked + request.ttl);
    this.renewLater();
  }

  private extend(until: number): void {
    const { clock } = this.options;
    this.validUntil = until;
    if (this.deadline !== null) clock.cancel(this.deadline);
    this.deadline = clock.after(Math.max(0, until - clock.now()), () => {
      // Node's timers come up to a millisecond or so before the clock that is asked: nothing would look again.
      if (clock.now() < until) return this.extend(until);
      this.deadline = null;
      this.suspend();
    });
  }

  private renewLater(): void {
    const { clock, request } = this.options;
    this.timer = clock.after(request.ttl / RENEWALS / (this.suspended ? 2 : 1), () => {
      this.timer = null;
      void this.renew();
    });
  }

  private async renew(): Promise<void> {
    const { store, clock, request, reached, load } = this.options;
    const { lease } = this;
    if (lease === null) return;
    const asked = clock.now();
    try {
      const renewal = await store.renew(lease, reached() + request.ttl, load(), request.ttl);
      if (this.lease !== lease || this.stopped) return;
      if (renewal !== 'renewed') return this.lose(renewal);
      this.trouble = '';
      // It was in doubt, whether or not a timer has said so: whoever held something back waits to be told.
      this.suspend();
      this.extend(asked + request.ttl);
      if (this.suspended) this.resume();
    } catch (error) {
      if (this.lease !== lease || this.stopped) return;
      this.say(error instanceof HoldfastError ? error.message : String(error));
    }
    this.renewLater();
  }

  private suspend(): void {
    // A process that stood still hears of its deadline before it hears of the renewal.
    if (this.suspended || this.lease === null || this.options.clock.now() < this.validUntil) return;
    this.suspended = true;
    this.options.log.error({ node: this.lease.number }, 'the lease on the node number could not be renewed');
    this.options.events.suspended();
  }

  private resume(): void {
    this.suspended = false;
    this.options.log.info({ node: this.lease?.number }, 'the lease on the node number was renewed again');
    this.options.events.resumed();
  }

  private lose(why: 'lost' | 'forgotten'): void {
    const { lease } = this;
    this.cancel();
    this.lease = null;
    this.trouble = 'the lease was lost';
    this.isForgotten = why === 'forgotten';
    this.options.log.error({ node: lease?.number, why }, 'the lease on the node number was lost');
    if (!this.suspended) this.options.events.suspended();
    this.suspended = false;
    this.options.events.lost();
  }

  private cancel(): void {
    const { clock } = this.options;
    if (this.timer !== null) clock.cancel(this.timer);
    if (this.deadline !== null) clock.cancel(this.deadline);
    this.timer = null;
    this.deadline = null;
  }

  private say(trouble: string): void {
    if (trouble !== this.trouble) this.options.log.warn({ trouble }, 'no lease on a node number');
    this.trouble = trouble;
  }
}
