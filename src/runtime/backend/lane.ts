import type { TimerHandle } from '../ports/clock.ts';
import type { UpstreamRecord } from '../ports/upstream-log.ts';
import type { RecordSpan } from '../trace/record-span.ts';

/** A record that waits for the backend. */
export interface WaitingRecord {
  readonly record: UpstreamRecord;
  readonly settle: () => void;
  /** When it came here, ms since 1970. */
  readonly heard: number;
  /** What it takes of the queue's bound. */
  readonly bytes: number;
  /** Null for one that is not traced. */
  readonly span: RecordSpan | null;
}

/** The records of one socket. The first is the one being called, or to be called next. */
export class Lane {
  readonly key: string;
  readonly waiting: WaitingRecord[] = [];
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
