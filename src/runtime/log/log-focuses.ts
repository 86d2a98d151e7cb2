import { HoldfastError } from '../errors/holdfast-error.ts';
import type { Clock, TimerHandle } from '../ports/clock.ts';
import type { Subject } from '../ports/log.ts';
import type { FocusKind, LogFocus, LogFocusControl, LogLevel } from '../ports/log-level.ts';
import { LOG_WEIGHT } from './log-weight.ts';

/** Users and rooms at a time. Whoever forgets them must not fill the log of a process with everybody's lines. */
export const MOST_FOCUSES = 20;

interface Entry {
  readonly focus: LogFocus;
  readonly weight: number;
  readonly timer: TimerHandle;
}

/**
 * Users and rooms about which more is written than about others, each for a while. With none of them `lowest` is
 * infinite, and asking for that number is all it costs.
 */
export class LogFocuses implements LogFocusControl {
  /** Weight of the most talkative one. */
  lowest = Number.POSITIVE_INFINITY;
  private readonly clock: Pick<Clock, 'after' | 'cancel' | 'wallNow'>;
  private readonly entries: Readonly<Record<FocusKind, Map<string, Entry>>> = {
    user: new Map(),
    room: new Map(),
  };

  constructor(clock: Pick<Clock, 'after' | 'cancel' | 'wallNow'>) {
    this.clock = clock;
  }

  set(of: FocusKind, name: string, level: LogLevel, milliseconds: number): void {
    const { user, room } = this.entries;
    if (!this.entries[of].has(name) && user.size + room.size >= MOST_FOCUSES) {
      throw new HoldfastError(
        'resource_exhausted',
        `there are ${MOST_FOCUSES} already; end one of them first`,
      );
    }
    this.end(of, name);
    const until = this.clock.wallNow() + milliseconds;
    const timer = this.clock.after(milliseconds, () => this.end(of, name));
    this.entries[of].set(name, { focus: { of, name, level, until }, weight: LOG_WEIGHT[level], timer });
    this.weigh();
  }

  end(of: FocusKind, name: string): void {
    const entry = this.entries[of].get(name);
    if (entry === undefined) return;
    this.clock.cancel(entry.timer);
    this.entries[of].delete(name);
    this.weigh();
  }

  list(): readonly LogFocus[] {
    return this.all().map(({ focus }) => focus);
  }

  /** Whether a line of this weight is to be written for those it is about. */
  admits(weight: number, { user, rooms }: Subject): boolean {
    const { entries } = this;
    const ofUser = user === '' ? undefined : entries.user.get(user);
    if (ofUser !== undefined && ofUser.weight <= weight) return true;
    if (entries.room.size === 0) return false;
    return rooms.some((room) => (entries.room.get(room)?.weight ?? Number.POSITIVE_INFINITY) <= weight);
  }

  private all(): Entry[] {
    return [...this.entries.user.values(), ...this.entries.room.values()];
  }

  private weigh(): void {
    this.lowest = Math.min(Number.POSITIVE_INFINITY, ...this.all().map(({ weight }) => weight));
  }
}
