import type { Burial } from '../ports/burial.ts';
import type { Clock, TimerHandle } from '../ports/clock.ts';
import type { LeaseStore, NodeRecord } from '../ports/lease-store.ts';
import type { Log } from '../ports/log.ts';
import type { UpstreamLog } from '../ports/upstream-log.ts';
import type { SocketDescription } from '../socket-description.ts';
import { lostRecord } from './lost-record.ts';

export interface UndertakerOptions {
  readonly leases: Pick<LeaseStore, 'dead' | 'claimBurial' | 'buried'>;
  readonly burial: Burial;
  readonly upstreamLog: Pick<UpstreamLog, 'append' | 'flush'>;
  readonly clock: Clock;
  readonly log: Log;
  /** Random, of this process. */
  readonly owner: string;
  /** Life of a lease, ms. */
  readonly ttl: number;
  /** Told how many sockets of a dead node were said to be gone. */
  readonly onLost: (sockets: number) => void;
}

/** Sockets buried in one go. */
const BATCH = 500;

/**
 * Says the farewell that nodes which died could not say: one `OnDisconnect` for each of their sockets, as `node lost`,
 * then their place in presence goes. Any number of undertakers may work; a dead node is one's at a time. One that dies
 * over it leaves the rest to another, which repeats at most a batch, under the same message ids.
 *
 * It begins only when it has itself been in touch for as long as a lease lasts: after an outage of the store all
 * leases have run out, and the living come first.
 */
export class Undertaker {
  private readonly options: UndertakerOptions;
  private inTouchSince = Number.POSITIVE_INFINITY;
  private timer: TimerHandle | null = null;
  private working = false;

  constructor(options: UndertakerOptions) {
    this.options = options;
  }

  start(): void {
    this.timer = this.options.clock.every(this.options.ttl / 4, () => void this.round());
  }

  stop(): void {
    if (this.timer !== null) this.options.clock.cancel(this.timer);
    this.timer = null;
  }

  /** Never rejects. */
  async round(): Promise<void> {
    const { clock, leases, ttl, log } = this.options;
    if (this.working) return;
    this.working = true;
    try {
      const dead = await leases.dead();
      const now = clock.now();
      if (now < this.inTouchSince) this.inTouchSince = now;
      if (now - this.inTouchSince < ttl) return;
      for (const node of dead) await this.bury(node);
    } catch (error) {
      this.inTouchSince = Number.POSITIVE_INFINITY;
      log.warn({ err: error }, 'nodes that may have died cannot be looked after');
    } finally {
      this.working = false;
    }
  }

  private async bury(node: NodeRecord): Promise<void> {
    const { leases, burial, log, owner, ttl, onLost } = this.options;
    let sockets = 0;
    let isFenced = false;
    for (;;) {
      // Again for each batch: whoever was slow finds out before it repeats what another did.
      if (!(await leases.claimBurial(node, owner, ttl))) return;
      // Before anything is said in its name: what it says itself comes before that, or not at all.
      if (!isFenced) await burial.fence(node);
      isFenced = true;
      const lost = await burial.lost(node, BATCH);
      if (lost.length === 0) break;
      await this.sayFarewell(lost, node);
      await burial.bury(node, lost);
      sockets += lost.length;
    }
    await leases.buried(node);
    onLost(sockets);
    log.warn({ node: node.number, epoch: node.epoch, sockets }, 'a node was lost; its sockets are gone');
  }

  private async sayFarewell(lost: readonly SocketDescription[], node: NodeRecord): Promise<void> {
    const { upstreamLog, clock } = this.options;
    for (const socket of lost) upstreamLog.append(lostRecord(socket, node.number, clock.wallNow()));
    await upstreamLog.flush();
  }
}
