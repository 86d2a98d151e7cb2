import { randomUUID } from 'node:crypto';

/** A publisher that was not heard for so long (ms) has ended. */
const FORGET_AFTER = 60_000;

/** One event with who published it, and how many that one had published before. */
export interface NumberedEvent {
  readonly from: string;
  readonly n: number;
  readonly event: object;
}

/**
 * Finds out that events were missed: each publisher numbers its own. A connection does not always tell, least of all
 * one to a Cluster, which subscribes anew by itself.
 */
export class EventNumbers {
  private readonly self = randomUUID();
  private published = 0;
  private readonly last = new Map<string, { n: number; at: number }>();

  number(event: object): NumberedEvent {
    return { from: this.self, n: this.published++, event };
  }

  /** True when events of its publisher that came before it were not heard. */
  isBehindGap({ from, n }: NumberedEvent, now: number): boolean {
    const known = this.last.get(from);
    if (known === undefined) {
      this.forgetEnded(now);
      this.last.set(from, { n, at: now });
      return false;
    }
    const isBehind = n > known.n + 1;
    known.n = Math.max(known.n, n);
    known.at = now;
    return isBehind;
  }

  private forgetEnded(now: number): void {
    for (const [from, { at }] of this.last) if (now - at > FORGET_AFTER) this.last.delete(from);
  }
}

export function isNumbered(value: unknown): value is NumberedEvent {
  if (typeof value !== 'object' || value === null) return false;
  const { from, n, event } = value as Partial<NumberedEvent>;
  return typeof from === 'string' && typeof n === 'number' && typeof event === 'object' && event !== null;
}
