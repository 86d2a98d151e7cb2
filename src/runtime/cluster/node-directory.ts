import type { Clock, TimerHandle } from '../ports/clock.ts';
import type { LeaseStore, NodeRecord } from '../ports/lease-store.ts';
import type { Log } from '../ports/log.ts';

/** How often the list of nodes is read, ms. */
export const DIRECTORY_REFRESH = 500;
/** For so long (ms) a gateway that has just come takes no clients: nobody who reads the list would know of it. */
export const NEWCOMERS_WAIT = 2 * DIRECTORY_REFRESH;

/** A list that comes so much later than the one before, ms, comes after an outage. */
const OUTAGE = 3 * DIRECTORY_REFRESH;
/** How long (ms) nodes may take to reach the store again after an outage. */
export const FIND_BACK = 3_000;

/**
 * The nodes that live, as last read. What was read last holds while the store cannot be reached, and for the length of
 * a lease, and a little more, after that: all leases may have run out meanwhile, and whoever lives says so by then.
 */
export class NodeDirectory {
  private readonly store: Pick<LeaseStore, 'nodes'>;
  private readonly clock: Clock;
  private readonly log: Log;
  private records = new Map<number, NodeRecord>();
  private holders: readonly number[] = [];
  private readAt = Number.NEGATIVE_INFINITY;
  private timer: TimerHandle | null = null;
  private failing = false;
  private reading: Promise<void> | null = null;
  private holdUntil = Number.NEGATIVE_INFINITY;
  private readonly ttl: number;

  /** @param ttl length of a lease, ms */
  constructor(store: Pick<LeaseStore, 'nodes'>, clock: Clock, log: Log, ttl: number) {
    this.store = store;
    this.clock = clock;
    this.log = log;
    this.ttl = ttl;
  }

  /** Resolves when the list was read once; rejects when it could not be. */
  async start(): Promise<void> {
    this.take(await this.store.nodes());
    this.timer = this.clock.every(DIRECTORY_REFRESH, () => void this.refresh());
  }

  stop(): void {
    if (this.timer !== null) this.clock.cancel(this.timer);
    this.timer = null;
  }

  /** Reads the list now. Never rejects. */
  async refresh(): Promise<void> {
    try {
      const records = await this.store.nodes();
      // A store that stood still says nothing of it: whoever could not renew meanwhile is no longer on its list.
      const wasAway = this.failing || this.age() > OUTAGE;
      if (wasAway) this.holdUntil = this.clock.now() + this.ttl + FIND_BACK;
      this.failing = false;
      this.take(this.clock.now() < this.holdUntil ? this.withSilent(records) : records);
    } catch (error) {
      if (!this.failing)
        this.log.warn({ err: error }, 'the list of nodes cannot be read; the last one holds');
      this.failing = true;
    }
  }

  /**
   * Resolves when the list is not older than nodes that clients may be on; null when it is not. A process that stood still
   * knows of nobody who has come meanwhile, and takes those who began anew for the ones before. While the store cannot
   * be reached, what was read last has to do.
   */
  settled(): Promise<void> | null {
    if (this.reading === null && !this.failing && this.age() > NEWCOMERS_WAIT) {
      this.reading = this.refresh().then(() => {
        this.reading = null;
      });
    }
    return this.reading;
  }

  /** Numbers of the nodes that may hold sockets. The same array until something changes. */
  gateways(): readonly number[] {
    return this.holders;
  }

  /** Numbers of the nodes that write to sockets of others. */
  writers(): readonly number[] {
    return Array.from(this.records.values()).flatMap(({ number, role }) => (role === 'api' ? number : []));
  }

  all(): Iterable<NodeRecord> {
    return this.records.values();
  }

  /** The node that bears this number now. */
  get(number: number): NodeRecord | null {
    return this.records.get(number) ?? null;
  }

  /** Whether just this incarnation of a number lives. */
  isLive(number: number, epoch: number): boolean {
    return this.records.get(number)?.epoch === epoch;
  }

  slotOf(number: number): { slot: number; epoch: number } | null {
    return this.get(number);
  }

  addressOf(number: number): string | null {
    const address = this.records.get(number)?.address ?? '';
    return address === '' ? null : address;
  }

  /** Ms since the list was last read. */
  age(): number {
    return this.clock.now() - this.readAt;
  }

  /** With those that have not been heard of since the outage, unless another node has what was theirs. */
  private withSilent(records: readonly NodeRecord[]): readonly NodeRecord[] {
    const isTaken = ({ number, slot }: NodeRecord) =>
      records.some((record) => record.number === number || record.slot === slot);
    return [...records, ...[...this.records.values()].filter((record) => !isTaken(record))];
  }

  private take(records: readonly NodeRecord[]): void {
    this.readAt = this.clock.now();
    this.records = new Map(records.map((record) => [record.number, record]));
    const holders = records
      .filter(({ role }) => role === 'gateway')
      .map(({ number }) => number)
      .sort((a, b) => a - b);
    if (holders.join() !== this.holders.join()) this.holders = holders;
  }
}
