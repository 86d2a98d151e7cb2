import type { PresenceEntry } from '../../runtime/ports/presence.ts';

const FIRST_CAPACITY = 256;
const NO_ROOMS: readonly string[] = [];

/**
 * The columns of the presence table. A row is taken by `add` and free again after `remove`; free rows are used again,
 * the youngest first.
 */
export class PresenceRows {
  #hi = new Uint32Array(FIRST_CAPACITY);
  #lo = new Uint32Array(FIRST_CAPACITY);
  #nodes = new Uint32Array(FIRST_CAPACITY);
  /** Ms since 1970; `Infinity` marks a free row, which no sweep takes. */
  #seen = new Float64Array(FIRST_CAPACITY).fill(Number.POSITIVE_INFINITY);
  readonly #users: string[] = [];
  /** `null` for no room and the bare name for a single one: a `Set` of one takes 200 bytes. */
  readonly #rooms: (string | Set<string> | null)[] = [];
  readonly #free: number[] = [];

  add(hi: number, lo: number, entry: PresenceEntry): number {
    const row = this.#free.pop() ?? this.#users.length;
    if (row === this.#hi.length) this.#grow();
    this.#hi[row] = hi;
    this.#lo[row] = lo;
    this.#nodes[row] = entry.node;
    this.#seen[row] = entry.seen;
    this.#users[row] = entry.user;
    this.#rooms[row] = null;
    return row;
  }

  remove(row: number): void {
    this.#seen[row] = Number.POSITIVE_INFINITY;
    this.#users[row] = '';
    this.#rooms[row] = null;
    this.#free.push(row);
  }

  hi(row: number): number {
    return this.#hi[row]!;
  }

  lo(row: number): number {
    return this.#lo[row]!;
  }

  node(row: number): number {
    return this.#nodes[row]!;
  }

  user(row: number): string {
    return this.#users[row]!;
  }

  rooms(row: number): Iterable<string> {
    const rooms = this.#rooms[row]!;
    if (rooms === null) return NO_ROOMS;
    return typeof rooms === 'string' ? [rooms] : rooms;
  }

  join(row: number, room: string): void {
    const rooms = this.#rooms[row]!;
    if (rooms === null) this.#rooms[row] = room;
    else if (typeof rooms !== 'string') rooms.add(room);
    else if (rooms !== room) this.#rooms[row] = new Set([rooms, room]);
  }

  leave(row: number, room: string): void {
    const rooms = this.#rooms[row]!;
    if (rooms === room) this.#rooms[row] = null;
    else if (rooms instanceof Set && rooms.delete(room) && rooms.size === 0) this.#rooms[row] = null;
  }

  touch(row: number, seen: number): void {
    if (seen > this.#seen[row]!) this.#seen[row] = seen;
  }

  notSeenSince(before: number): number[] {
    const rows: number[] = [];
    for (let row = 0; row < this.#users.length; row++) if (this.#seen[row]! < before) rows.push(row);
    return rows;
  }

  #grow(): void {
    const capacity = this.#hi.length * 2;
    this.#hi = widen(this.#hi, new Uint32Array(capacity));
    this.#lo = widen(this.#lo, new Uint32Array(capacity));
    this.#nodes = widen(this.#nodes, new Uint32Array(capacity));
    this.#seen = widen(this.#seen, new Float64Array(capacity).fill(Number.POSITIVE_INFINITY));
  }
}

function widen<Column extends Uint32Array | Float64Array>(from: Column, to: Column): Column {
  to.set(from);
  return to;
}
