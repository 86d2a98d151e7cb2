import type { Clock, TimerHandle } from '../../src/runtime/ports/clock.ts';
import type { VirtualTime } from './virtual-time.ts';

interface Timer {
  cancelled: boolean;
}

/**
 * A process that may stand still or die. Nothing runs in it meanwhile: its timers and what comes to it by the network wait
 * until it wakes, or for ever.
 */
export class SimulatedProcess {
  readonly name: string;
  readonly clock: Clock;
  state: 'running' | 'paused' | 'dead' = 'running';
  private readonly time: VirtualTime;
  private readonly overdue: (() => void)[] = [];
  private readonly unread: (() => void)[] = [];

  constructor(name: string, time: VirtualTime) {
    this.name = name;
    this.time = time;
    this.clock = {
      now: () => time.clock.now(),
      wallNow: () => time.clock.wallNow(),
      after: (ms, callback) => this.arm(ms, false, callback),
      every: (ms, callback) => this.arm(ms, true, callback),
      cancel: (handle) => {
        (handle as Timer).cancelled = true;
      },
    };
  }

  get isDead(): boolean {
    return this.state === 'dead';
  }

  /** Something comes to it from outside. */
  input(callback: () => void): void {
    if (this.state === 'running') callback();
    else if (this.state === 'paused') this.unread.push(callback);
  }

  readonly defer = (callback: () => void): void => {
    this.time.immediate(() => {
      if (this.state === 'running') callback();
      else if (this.state === 'paused') this.overdue.push(callback);
    });
  };

  pause(): void {
    if (this.state === 'running') this.state = 'paused';
  }

  /** Timers and the network, in either order: that depends on where in its event loop it was stopped. */
  wake(): void {
    if (this.state !== 'paused') return;
    this.state = 'running';
    const timers = this.overdue.splice(0);
    const input = this.unread.splice(0);
    const all = this.time.random.chance(0.5) ? [...timers, ...input] : [...input, ...timers];
    // One event each, so that promises have their turns in between; what comes from now on comes behind them.
    for (const one of all) this.time.after(0, () => this.input(one));
  }

  die(): void {
    this.state = 'dead';
    this.overdue.length = 0;
    this.unread.length = 0;
  }

  private arm(ms: number, again: boolean, callback: () => void): TimerHandle {
    const timer: Timer = { cancelled: false };
    const fire = () => {
      if (timer.cancelled || this.state === 'dead') return;
      if (again) this.time.after(ms, due);
      callback();
    };
    const due = () => {
      if (timer.cancelled) return;
      if (this.state === 'running') fire();
      else if (this.state === 'paused') this.overdue.push(fire);
    };
    this.time.after(ms, due);
    return timer;
  }
}
