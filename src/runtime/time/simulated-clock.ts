import type { Clock, TimerHandle } from '../ports/clock.ts';

interface Pending {
  due: number;
  order: number;
  readonly every: number;
  readonly callback: () => void;
  cancelled: boolean;
}

/**
 * Virtual time for tests and simulations: stands still until told to advance, then jumps from one callback to the
 * next, in the order in which they are due (and were asked for, where that is equal).
 */
export class SimulatedClock implements Clock {
  private time = 0;
  private wallOffset: number;
  private order = 0;
  /** Binary heap by due time, then order. Cancelled entries are dropped when they come up. */
  private readonly heap: Pending[] = [];

  /** `wall` is the wall clock's time at the start, in ms since 1970. */
  constructor(wall = Date.UTC(2026, 0, 1)) {
    this.wallOffset = wall;
  }

  now(): number {
    return this.time;
  }

  wallNow(): number {
    return this.wallOffset + this.time;
  }

  after(ms: number, callback: () => void): TimerHandle {
    return this.schedule(ms, 0, callback);
  }

  every(ms: number, callback: () => void): TimerHandle {
    if (!(ms > 0)) throw new RangeError(`an interval of ${ms} ms would never let time pass`);
    return this.schedule(ms, ms, callback);
  }

  cancel(handle: TimerHandle): void {
    (handle as Pending).cancelled = true;
  }

  /** Lets time pass and runs whatever falls due on the way, also what that asks for anew. */
  advance(ms: number): void {
    const until = this.time + ms;
    for (let due = this.nextDue(); due <= until; due = this.nextDue()) this.runNext();
    if (this.time < until) this.time = until;
  }

  /** Lets time pass without running anything, as a stopped or starved process sees it. Overdue callbacks run then. */
  stall(ms: number): void {
    this.block(ms);
    this.advance(0);
  }

  /** Within a callback: it takes `ms`, during which nothing else can run. */
  block(ms: number): void {
    this.time += ms;
  }

  /** Jumps to the next callback and runs it; false when nothing waits. */
  runNext(): boolean {
    if (this.nextDue() === Number.POSITIVE_INFINITY) return false;
    const entry = this.pop();
    if (entry.due > this.time) this.time = entry.due;
    if (entry.every > 0) {
      entry.due = this.time + entry.every;
      entry.order = this.order++;
      this.push(entry);
    }
    entry.callback();
    return true;
  }

  /** When the next callback is due, on the scale of `now()`; Infinity when nothing waits. */
  nextDue(): number {
    while (this.heap.length > 0 && this.heap[0]!.cancelled) this.pop();
    return this.heap.length > 0 ? this.heap[0]!.due : Number.POSITIVE_INFINITY;
  }

  /** Sets the wall clock forward or back, as an administrator or NTP would. Monotonic time is not affected. */
  jumpWall(ms: number): void {
    this.wallOffset += ms;
  }

  private schedule(ms: number, every: number, callback: () => void): TimerHandle {
    const due = this.time + Math.max(0, ms);
    const entry: Pending = { due, order: this.order++, every, callback, cancelled: false };
    this.push(entry);
    return entry;
  }

  private push(entry: Pending): void {
    const heap = this.heap;
    let i = heap.push(entry) - 1;
    while (i > 0) {
      const parent = (i - 1) >> 1;
      if (!before(entry, heap[parent]!)) break;
      heap[i] = heap[parent]!;
      i = parent;
    }
    heap[i] = entry;
  }

  private pop(): Pending {
    const heap = this.heap;
    const top = heap[0]!;
    const last = heap.pop()!;
    const size = heap.length;
    if (size === 0) return top;
    let i = 0;
    for (let child = 1; child < size; child = 2 * i + 1) {
      if (child + 1 < size && before(heap[child + 1]!, heap[child]!)) child++;
      if (!before(heap[child]!, last)) break;
      heap[i] = heap[child]!;
      i = child;
    }
    heap[i] = last;
    return top;
  }
}

function before(a: Pending, b: Pending): boolean {
  return a.due < b.due || (a.due === b.due && a.order < b.order);
}
