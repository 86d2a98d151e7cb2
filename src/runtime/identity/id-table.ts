/**
 * From a Snowflake (`hi`, `lo`) to a row (an integer from 0). Open addressing with linear probing over one typed
 * array, three words a slot: a connected socket costs 15 to 30 bytes here and no object, where a `Map` with string
 * keys takes over 100.
 *
 * Deleting shifts the followers back instead of leaving tombstones, so a table that lives long and sees much coming
 * and going does not slow down.
 */
const WORDS = 3;
const FREE = -1;
const MIN_CAPACITY = 64;
/** Above this share of used slots the table doubles; below the other it halves. */
const FULLEST = 0.8;
const EMPTIEST = 0.15;

/** What `get` and `delete` return when the id is not there. */
export const NO_ROW = -1;

export class IdTable {
  #slots = emptySlots(MIN_CAPACITY);
  #mask = MIN_CAPACITY - 1;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** Memory held, in bytes. */
  get byteLength(): number {
    return this.#slots.byteLength;
  }

  /** The row of the id, or `NO_ROW`. */
  get(hi: number, lo: number): number {
    return this.#slots[this.#find(hi, lo) * WORDS + 2]!;
  }

  /** Puts the id at `row` (an integer from 0 to 2^31 - 1); replaces the row that it had. */
  set(hi: number, lo: number, row: number): void {
    const slot = this.#find(hi, lo) * WORDS;
    if (this.#slots[slot + 2] === FREE) {
      this.#slots[slot] = hi;
      this.#slots[slot + 1] = lo;
      this.#size += 1;
    }
    this.#slots[slot + 2] = row;
    if (this.#size > (this.#mask + 1) * FULLEST) this.#resize((this.#mask + 1) * 2);
  }

  /** Removes the id and returns the row that it had, or `NO_ROW`. */
  delete(hi: number, lo: number): number {
    const found = this.#find(hi, lo);
    const row = this.#slots[found * WORDS + 2]!;
    if (row === FREE) return NO_ROW;
    this.#closeGap(found);
    this.#size -= 1;
    const capacity = this.#mask + 1;
    if (capacity > MIN_CAPACITY && this.#size < capacity * EMPTIEST) this.#resize(capacity / 2);
    return row;
  }

  clear(): void {
    this.#slots = emptySlots(MIN_CAPACITY);
    this.#mask = MIN_CAPACITY - 1;
    this.#size = 0;
  }

  /** The slot that holds the id, or the free one where it would go. There is always a free one. */
  #find(hi: number, lo: number): number {
    const slots = this.#slots;
    const mask = this.#mask;
    // Slots are signed words; ids are not.
    const high = hi | 0;
    const low = lo | 0;
    let at = hashOf(high, low) & mask;
    for (;;) {
      const slot = at * WORDS;
      if (slots[slot + 2] === FREE || (slots[slot + 1] === low && slots[slot] === high)) return at;
      at = (at + 1) & mask;
    }
  }

  /** Moves back every follower that a search would otherwise no longer reach across the hole. */
  #closeGap(gap: number): void {
    const slots = this.#slots;
    const mask = this.#mask;
    let hole = gap;
    let at = (gap + 1) & mask;
    while (slots[at * WORDS + 2] !== FREE) {
      const home = hashOf(slots[at * WORDS]!, slots[at * WORDS + 1]!) & mask;
      const displacement = (at - home) & mask;
      if (displacement >= ((at - hole) & mask)) {
        slots[hole * WORDS] = slots[at * WORDS]!;
        slots[hole * WORDS + 1] = slots[at * WORDS + 1]!;
        slots[hole * WORDS + 2] = slots[at * WORDS + 2]!;
        hole = at;
      }
      at = (at + 1) & mask;
    }
    slots[hole * WORDS + 2] = FREE;
  }

  #resize(capacity: number): void {
    const old = this.#slots;
    const slots = emptySlots(capacity);
    const mask = capacity - 1;
    for (let slot = 0; slot < old.length; slot += WORDS) {
      if (old[slot + 2] === FREE) continue;
      let at = hashOf(old[slot]!, old[slot + 1]!) & mask;
      while (slots[at * WORDS + 2] !== FREE) at = (at + 1) & mask;
      slots[at * WORDS] = old[slot]!;
      slots[at * WORDS + 1] = old[slot + 1]!;
      slots[at * WORDS + 2] = old[slot + 2]!;
    }
    this.#slots = slots;
    this.#mask = mask;
  }
}

function emptySlots(capacity: number): Int32Array {
  return new Int32Array(capacity * WORDS).fill(FREE);
}

/** Ids differ mostly in the upper bits of `lo` and the lowest of `hi`; two multiplications spread them. */
function hashOf(hi: number, lo: number): number {
  let hash = Math.imul(lo ^ (lo >>> 15), 0x2c1b3c6d) ^ Math.imul(hi, 0x9e3779b1);
  hash = Math.imul(hash ^ (hash >>> 13), 0x297a2d39);
  return hash ^ (hash >>> 16);
}
