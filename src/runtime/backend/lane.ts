import type { TimerHandle } from '../ports/clock.ts';
import type { Standing, UpstreamRecord } from '../ports/upstream-log.ts';
import type { RecordSpan } from '../trace/record-span.ts';

/** A record that waits for the backend. */
export interface WaitingRecord {
  readonly record: UpstreamRecord;
  readonly settle: () => void;
  /** Whether the log has taken it back. */
  readonly standing: () => Standing;
  /** When it came here, ms since 1970. */
  readonly heard: number;
  /** What it takes of the queue's bound. */
  readonly bytes: number;
  /** Null for one that is not traced. */
  readonly span: RecordSpan | null;
}

const NONE: readonly WaitingRecord[] = [];

/** The records of one socket. The first is the one being called, or to be called next. */
export class Lane {
  readonly key: string;
  waiting: WaitingRecord[] = [];
  /** Attempts of the first record that failed. */
  failures = 0;
  /** When the first of them began, on the clock's monotonic scale. */
  failingSince = 0;
  /** Pause before the next attempt. */
  timer: TimerHandle | null = null;
  /** Behind this one in the queue of lanes that are ready. */
  next: Lane | null = null;

  constructor(key: string) {
    this.key = key;
  }

  /** The records behind the first that the log has taken back, which leave here. The first may be on its way. */
  takeBack(): readonly WaitingRecord[] {
    const { waiting } = this;
    // A partition is taken back as a whole: what came last says whether there is any.
    if (waiting.length < 2 || waiting.at(-1)!.standing() !== 'taken back') return NONE;
    const isGone = ({ standing }: WaitingRecord, at: number) => at > 0 && standing() === 'taken back';
    this.waiting = waiting.filter((one, at) => !isGone(one, at));
    return waiting.filter(isGone);
  }

  /** How many records it has, but for a first one that the log has taken back and that may come again. */
  get length(): number {
    const { length, 0: first } = this.waiting;
    return first?.standing() === 'taken back' ? length - 1 : length;
  }
}

/** Lanes whose first record may be called, in the order in which they became ready. */
export class ReadyLanes {
  #first: Lane | null = null;
  #last: Lane | null = null;

  push(lane: Lane): void {
    if (this.#last === null) this.#first = lane;
    else this.#last.next = lane;
    this.#last = lane;
  }

  peek(): Lane | null {
    return this.#first;
  }

  shift(): void {
    const lane = this.#first;
    if (lane === null) return;
    this.#first = lane.next;
    if (this.#first === null) this.#last = null;
    lane.next = null;
  }
}
