/** One entry of a stream: its id, and its fields. */
export interface StreamEntry {
  readonly id: string;
  readonly fields: readonly Buffer[];
}

export interface Stream {
  readonly entries: StreamEntry[];
  lastId: string;
}

type Value = string | Buffer | Map<string, string> | Map<string, number> | Set<string> | Stream;

interface Slot {
  value: Value;
  /** Ms since 1970; Infinity for ever. */
  expires: number;
}

/** What Redis holds. */
export class Keyspace {
  private slots = new Map<string, Slot>();
  private readonly wallNow: () => number;

  constructor(wallNow: () => number) {
    this.wallNow = wallNow;
  }

  get<T extends Value>(key: string): T | null {
    const slot = this.slots.get(key);
    if (slot === undefined) return null;
    if (slot.expires > this.wallNow()) return slot.value as T;
    this.slots.delete(key);
    return null;
  }

  set(key: string, value: Value, expires = Number.POSITIVE_INFINITY): void {
    this.slots.set(key, { value, expires });
  }

  /** What is there, made when it is not. */
  at<T extends Value>(key: string, make: () => T): T {
    const found = this.get<T>(key);
    if (found !== null) return found;
    const made = make();
    this.set(key, made);
    return made;
  }

  delete(key: string): boolean {
    return this.get(key) !== null && this.slots.delete(key);
  }

  expire(key: string, ms: number): boolean {
    if (this.get(key) === null) return false;
    this.slots.get(key)!.expires = this.wallNow() + ms;
    return true;
  }

  /** A replica as it is at this moment. */
  copy(): Map<string, Slot> {
    return structuredClone(this.slots);
  }

  /** The replica has become the master: what it had not heard of is lost. */
  restore(copy: Map<string, Slot>): void {
    this.slots = copy;
  }
}

export const newHash = (): Map<string, string> => new Map();
export const newSortedSet = (): Map<string, number> => new Map();
export const newSet = (): Set<string> => new Set();
export const newStream = (): Stream => ({ entries: [], lastId: '0-0' });

export function byScore(set: Map<string, number>): string[] {
  return [...set].sort(([a, x], [b, y]) => x - y || (a < b ? -1 : 1)).map(([member]) => member);
}
