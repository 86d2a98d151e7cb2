import { HoldfastError } from '../../src/runtime/errors/holdfast-error.ts';
import type {
  Standing,
  UpstreamHandler,
  UpstreamLog,
  UpstreamRecord,
  UpstreamSubscription,
} from '../../src/runtime/ports/upstream-log.ts';
import { pause } from './contract.ts';

/** Guarantees that the stub can be told to break, one at a time. */
export type UpstreamLogFault =
  | 'reorders'
  | 'shares one socket among consumers'
  | 'forgets unsettled records'
  | 'hands unsettled records out backwards'
  | 'does not say what it took back'
  | 'says that it took back what it did not'
  | 'drops records while nobody consumes'
  | 'hands settled records out again'
  | 'drops when full'
  | 'drops what it took when full'
  | 'loses attachments'
  | 'stops at once'
  | 'goes on while stopping'
  | 'stops only when all is settled'
  | 'takes records after close';

interface Place {
  readonly record: UpstreamRecord;
  settled: boolean;
}

interface Member {
  readonly handler: UpstreamHandler;
  outstanding: number;
  /** It has stopped: what it had in hand goes to another. */
  isGone: boolean;
}

const CAPACITY = 1_500;

/**
 * A log that works like a topic of one partition with commits: one member of the group reads it, the others stand by,
 * a place is free when it and all before it are settled, and everything takes a moment. Without a fault it keeps all
 * guarantees, in another way than memory does.
 */
export class StubUpstreamLog implements UpstreamLog {
  readonly #fault: UpstreamLogFault | null;
  readonly #capacity: number;
  #places: Place[] = [];
  /** Index in `#places` of the next to hand out. */
  #next = 0;
  readonly #members: Member[] = [];
  #stopping = 0;
  #closed = false;
  #turn = 0;
  readonly #pump = setInterval(() => this.#handOut(), 1);

  constructor(fault: UpstreamLogFault | null, capacity = CAPACITY) {
    this.#fault = fault;
    this.#capacity = capacity;
  }

  append(record: UpstreamRecord): void {
    if (this.#closed && this.#fault !== 'takes records after close') {
      throw new HoldfastError('unavailable', 'closed');
    }
    if (this.#members.length === 0 && this.#fault === 'drops records while nobody consumes') return;
    if (this.#places.length >= this.#capacity) {
      if (this.#fault === 'drops when full') return;
      if (this.#fault === 'drops what it took when full') this.#places.pop();
      throw new HoldfastError('resource_exhausted', 'full');
    }
    this.#places.push({ record, settled: false });
  }

  consume(handler: UpstreamHandler): UpstreamSubscription {
    const member: Member = { handler, outstanding: 0, isGone: false };
    this.#members.push(member);
    return { stop: (deadline) => this.#stop(member, deadline) };
  }

  async flush(): Promise<void> {
    await pause(1);
  }

  async close(): Promise<void> {
    this.#closed = true;
  }

  dispose(): void {
    clearInterval(this.#pump);
  }

  #handOut(): void {
    if (this.#stopping > 0 && this.#fault !== 'goes on while stopping') return;
    const batch = this.#places.slice(this.#next, this.#next + 40);
    if (this.#members.length === 0 || batch.length === 0) return;
    this.#next += batch.length;
    if (this.#fault === 'reorders') batch.reverse();
    for (const place of batch) {
      const shared = this.#fault === 'shares one socket among consumers';
      const member = this.#members[shared ? ++this.#turn % this.#members.length : 0]!;
      member.outstanding += 1;
      let left = false;
      const settle = () => {
        if (left) return;
        left = true;
        member.outstanding -= 1;
        place.settled = true;
        this.#commit();
      };
      member.handler(this.#carried(place.record), settle, () => this.#standingOf(member));
    }
  }

  #standingOf({ isGone }: Member): Standing {
    if (this.#fault === 'does not say what it took back') return 'ours';
    return isGone || this.#fault === 'says that it took back what it did not' ? 'taken back' : 'ours';
  }

  #carried(record: UpstreamRecord): UpstreamRecord {
    if (record.kind !== 'message' || this.#fault !== 'loses attachments') return structuredClone(record);
    return { ...record, body: { args: record.body.args, attachments: [] } };
  }

  #commit(): void {
    if (this.#fault === 'hands settled records out again') return;
    const committed = this.#places.findIndex((place) => !place.settled);
    const count = committed === -1 ? this.#places.length : committed;
    this.#places.splice(0, count);
    this.#next = Math.max(0, this.#next - count);
  }

  async #stop(member: Member, deadline: number): Promise<void> {
    this.#stopping += 1;
    const end = performance.now() + (this.#fault === 'stops only when all is settled' ? Infinity : deadline);
    while (member.outstanding > 0 && performance.now() < end && this.#fault !== 'stops at once')
      await pause(1);
    this.#stopping -= 1;
    member.isGone = true;
    this.#members.splice(this.#members.indexOf(member), 1);
    if (this.#fault === 'forgets unsettled records') this.#places = this.#places.slice(this.#next);
    if (this.#fault === 'hands unsettled records out backwards') this.#places.reverse();
    this.#next = 0;
  }
}
