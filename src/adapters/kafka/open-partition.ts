import type { Standing } from '../../runtime/ports/upstream-log.ts';
import type { Membership } from './membership.ts';

interface Place {
  readonly offset: bigint;
  settled: boolean;
}

/**
 * The records of one partition that are in hands, in the order of their offsets. They are settled in any order, but
 * committed is only what has nothing unsettled in front of it.
 */
export class OpenPartition {
  /** Records of the log behind those handed out, when it was read last. */
  behind = 0;
  private places: Place[] = [];
  private unsettled = 0;
  private last = -1n;
  private next: bigint | null = null;
  private isGone = false;
  private readonly membership: Pick<Membership, 'isSure'>;

  constructor(membership: Pick<Membership, 'isSure'>) {
    this.membership = membership;
  }

  /** Records handed out and not settled. */
  get size(): number {
    return this.unsettled;
  }

  /**
   * One more record; returns what settles it. Null for one that was handed out before: after a rebalance that left the
   * partition here it is still in hands.
   */
  add(offset: string, changed: () => void): (() => void) | null {
    const place: Place = { offset: BigInt(offset), settled: false };
    if (place.offset <= this.last) return null;
    this.last = place.offset;
    this.places.push(place);
    this.unsettled++;
    return () => {
      if (place.settled || this.isGone) return;
      place.settled = true;
      this.unsettled--;
      changed();
    };
  }

  /** The offset to commit, or null when nothing in front was settled since `committed`. */
  committable(): string | null {
    const firstUnsettled = this.places.findIndex(({ settled }) => !settled);
    const count = firstUnsettled < 0 ? this.places.length : firstUnsettled;
    if (count > 0) {
      this.next = this.places[count - 1]!.offset + 1n;
      this.places = this.places.slice(count);
    }
    return this.next === null ? null : this.next.toString();
  }

  committed(offset: string): void {
    if (this.next === BigInt(offset)) this.next = null;
  }

  /** Whether what was handed out of it is still this consumer's. */
  readonly standing = (): Standing => {
    if (this.isGone) return 'taken back';
    return this.membership.isSure ? 'ours' : 'in doubt';
  };

  /** It belongs to another consumer now, or nobody waits any more: whatever is settled later does not count. */
  forget(): void {
    this.isGone = true;
    this.unsettled = 0;
    this.places = [];
  }
}
