import type { Clock } from '../ports/clock.ts';
import type { Revocation } from './revocation.ts';

/** How often (ms) those that have ended are thrown away, as new ones come. */
const FORGET_EVERY = 60_000;

/** The tokens that this node lets nobody in with, until each has ended by itself. */
export class RevokedTokens {
  private readonly clock: Clock;
  private readonly ends = new Map<string, number>();
  private forgotAt = 0;

  constructor(clock: Clock) {
    this.clock = clock;
  }

  has(id: string): boolean {
    return (this.ends.get(id) ?? 0) > this.clock.wallNow();
  }

  /** False when that was known. Of two ends the later one counts. */
  add({ id, until }: Revocation): boolean {
    if ((this.ends.get(id) ?? 0) >= until) return false;
    if (this.clock.now() - this.forgotAt > FORGET_EVERY) this.forgetEnded();
    this.ends.set(id, until);
    return true;
  }

  /** Those that have not ended. */
  all(): readonly Revocation[] {
    this.forgetEnded();
    return Array.from(this.ends, ([id, until]) => ({ id, until }));
  }

  count(): number {
    this.forgetEnded();
    return this.ends.size;
  }

  private forgetEnded(): void {
    this.forgotAt = this.clock.now();
    const now = this.clock.wallNow();
    for (const [id, until] of this.ends) if (until <= now) this.ends.delete(id);
  }
}
