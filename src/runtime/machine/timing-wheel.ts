import type { Clock, TimerHandle } from '../ports/clock.ts';

/** What a timer calls when it is over: the row it was armed for and the number its owner gave it. Must not throw. */
export type Fire = (row: number, timer: number) => void;

export interface TimingWheelOptions {
  /** A gap between two ticks above this many milliseconds counts as our own pause. Default 500. */
  readonly stallThreshold?: number;
  /** Told of each own pause once it is over, with its length in milliseconds. Must not throw. */
  readonly onStall?: (ms: number) => void;
}

/** Length of a tick, ms. */
export const TICK = 10;
/** 2^13 ticks of 10 ms: 82 s. Timers further away stay in their bucket for more than one turn. */
const BUCKETS = 8192;
const MASK = BUCKETS - 1;
/** Heads of the lists of the ten milliseconds of the tick that is firing, after those of the buckets. */
const DUE = BUCKETS;
const HEADS = BUCKETS + TICK;
const NO_OWNER = 0xffff;

/**
 * One hashed timing wheel for all timers of the process (Varghese & Lauck 1987, scheme 6). A timer is a slot in
 * typed arrays, 22 bytes while armed; arming and cancelling take constant time and allocate nothing.
 *
 * - Timers never fire early, and at most one tick (10 ms) plus the clock's own delay late; in the order of their
 *   deadlines (whole milliseconds), and of arming where those are equal.
 * - A `fire` may arm and cancel any timer; a timer armed in it fires in a later tick, also with delay 0.
 * - **Stalls**: when more than `stallThreshold` passes between two ticks, the process was paused or starved, and
 *   what peers sent meanwhile is still unread. The wheel's time then advances by one tick only: all deadlines are
 *   extended by the pause, so that nobody is closed for it. `forgiven` adds these pauses up.
 * - The clock is used only while a timer is armed.
 */
export class TimingWheel {
  private readonly clock: Clock;
  private readonly stallThreshold: number;
  private readonly onStall: (ms: number) => void;
  private readonly owners: Fire[] = [];
  /** Circular doubly linked lists; indexes below HEADS are the lists' heads, those above are slots. */
  private next: Int32Array;
  private prev: Int32Array;
  private deadline: Float64Array;
  private row: Int32Array;
  /** Owner in the high byte, timer in the low one. */
  private kind: Uint16Array;
  private freeHead = 0;
  private driver: TimerHandle | null = null;
  private armedCount = 0;
  private forgivenMs = 0;
  /** Clock's time of the last tick, and the wheel's time then. */
  private tickedAt = 0;
  private wheelTime = 0;
  /** Ticks whose bucket has been fired. */
  private fired = 0;

  constructor(clock: Clock, options: TimingWheelOptions = {}) {
    this.clock = clock;
    this.stallThreshold = options.stallThreshold ?? 500;
    this.onStall = options.onStall ?? (() => {});
    const size = HEADS + 1024;
    this.next = new Int32Array(size);
    this.prev = new Int32Array(size);
    this.deadline = new Float64Array(size);
    this.row = new Int32Array(size);
    this.kind = new Uint16Array(size);
    for (let head = 0; head < HEADS; head++) {
      this.next[head] = head;
      this.prev[head] = head;
    }
    this.chainFree(HEADS, size);
  }

  /** Takes on somebody who arms timers; at most 255. Returns what `arm` wants as `owner`. */
  register(fire: Fire): number {
    if (this.owners.length === 255) throw new RangeError('a timing wheel has at most 255 owners');
    return this.owners.push(fire) - 1;
  }

  /**
   * Calls the owner's `fire(row, timer)` in `ms` milliseconds (finite; below 0 counts as 0). `timer` is 0–255.
   * The handle is good until the timer fires or is cancelled, then it is somebody else's.
   */
  arm(owner: number, row: number, timer: number, ms: number): number {
    if (!(ms < Number.POSITIVE_INFINITY)) throw new RangeError(`a timer of ${ms} ms cannot be armed`);
    if (this.driver === null) this.startDriver();
    let slot = this.freeHead;
    if (slot === 0) slot = this.grow();
    this.freeHead = this.next[slot]!;
    const deadline = Math.ceil(this.now() + Math.max(0, ms));
    this.deadline[slot] = deadline;
    this.row[slot] = row;
    this.kind[slot] = (owner << 8) | timer;
    let tick = Math.ceil(deadline / TICK);
    if (tick <= this.fired) tick = this.fired + 1;
    this.append(tick & MASK, slot);
    this.armedCount++;
    return slot;
  }

  cancel(handle: number): void {
    this.unlink(handle);
    this.free(handle);
  }

  /** Milliseconds until an armed timer is due; 0 when it is overdue. */
  remaining(handle: number): number {
    return Math.max(0, this.deadline[handle]! - this.now());
  }

  /** The number that the owner gave an armed timer. */
  timerOf(handle: number): number {
    return this.kind[handle]! & 0xff;
  }

  /** How many timers are armed. */
  get armed(): number {
    return this.armedCount;
  }

  /** Milliseconds of own pauses by which deadlines were extended, in all. */
  get forgiven(): number {
    return this.forgivenMs;
  }

  /**
   * The wheel's own time (ms): the clock's without pauses and without the times in which no timer was armed. For
   * whoever measures how long a peer has been silent, so that our own pauses do not count as its silence.
   */
  now(): number {
    const gap = this.clock.now() - this.tickedAt;
    return this.wheelTime + (gap > this.stallThreshold ? TICK : gap);
  }

  /**
   * The same as of the last tick, so at most about 10 ms old, for those who ask once per message: reading the
   * machine's clock costs more than most of what a message costs us.
   */
  lately(): number {
    return this.driver === null ? this.now() : this.wheelTime;
  }

  /** Ticks so far: `lately()` in whole ticks, for those who stamp things by the million. */
  get ticks(): number {
    return this.fired;
  }

  private startDriver(): void {
    this.tickedAt = this.clock.now();
    this.driver = this.clock.every(TICK, () => this.tick());
  }

  private tick(): void {
    const now = this.clock.now();
    const gap = now - this.tickedAt;
    const advance = gap > this.stallThreshold ? TICK : gap;
    if (gap > advance) this.stalled(gap - advance);
    this.tickedAt = now;
    this.wheelTime += advance;
    const until = Math.floor(this.wheelTime / TICK);
    while (this.fired < until) {
      this.fired++;
      if (this.armedCount > 0) this.fireBucket(this.fired);
    }
    if (this.armedCount === 0 && this.driver !== null) {
      this.clock.cancel(this.driver);
      this.driver = null;
    }
  }

  private stalled(ms: number): void {
    this.forgivenMs += ms;
    this.onStall(ms);
  }

  private fireBucket(tick: number): void {
    const bucket = tick & MASK;
    const end = tick * TICK;
    const begin = end - TICK;
    // First sort by millisecond, then fire: a `fire` may cancel any that comes later, and it is just unlinked.
    for (let slot = this.next[bucket]!; slot !== bucket; ) {
      const following = this.next[slot]!;
      const deadline = this.deadline[slot]!;
      if (deadline <= end) {
        this.unlink(slot);
        this.append(DUE + Math.max(0, deadline - begin - 1), slot);
      }
      slot = following;
    }
    for (let head = DUE; head < HEADS; head++) {
      for (let slot = this.next[head]!; slot !== head; slot = this.next[head]!) {
        const kind = this.kind[slot]!;
        const row = this.row[slot]!;
        this.unlink(slot);
        this.free(slot);
        this.owners[kind >> 8]!(row, kind & 0xff);
      }
    }
  }

  private append(head: number, slot: number): void {
    const last = this.prev[head]!;
    this.next[last] = slot;
    this.prev[slot] = last;
    this.next[slot] = head;
    this.prev[head] = slot;
  }

  private unlink(slot: number): void {
    if (slot < HEADS || this.kind[slot] === NO_OWNER) throw new RangeError(`timer ${slot} is not armed`);
    const before = this.prev[slot]!;
    const after = this.next[slot]!;
    this.next[before] = after;
    this.prev[after] = before;
  }

  private free(slot: number): void {
    this.kind[slot] = NO_OWNER;
    this.next[slot] = this.freeHead;
    this.freeHead = slot;
    this.armedCount--;
  }

  private chainFree(from: number, to: number): void {
    for (let slot = from; slot < to; slot++) {
      this.kind[slot] = NO_OWNER;
      this.next[slot] = slot + 1 < to ? slot + 1 : this.freeHead;
    }
    this.freeHead = from;
  }

  private grow(): number {
    const size = this.next.length;
    const bigger = size + Math.max(1024, size >> 1);
    const next = new Int32Array(bigger);
    next.set(this.next);
    this.next = next;
    const prev = new Int32Array(bigger);
    prev.set(this.prev);
    this.prev = prev;
    const deadline = new Float64Array(bigger);
    deadline.set(this.deadline);
    this.deadline = deadline;
    const row = new Int32Array(bigger);
    row.set(this.row);
    this.row = row;
    const kind = new Uint16Array(bigger);
    kind.set(this.kind);
    this.kind = kind;
    this.chainFree(size, bigger);
    return size;
  }
}
