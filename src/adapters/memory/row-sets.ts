/**
 * From a name (a user, a room) to the rows that bear it, in the order they were added. Most names have one row, which
 * is kept as a bare number; only a second one makes a `Set`.
 */
export class RowSets {
  readonly #rows = new Map<string, number | Set<number>>();

  /** Names with at least one row. */
  get size(): number {
    return this.#rows.size;
  }

  add(name: string, row: number): void {
    const rows = this.#rows.get(name);
    if (rows === undefined) this.#rows.set(name, row);
    else if (typeof rows !== 'number') rows.add(row);
    else if (rows !== row) this.#rows.set(name, new Set([rows, row]));
  }

  delete(name: string, row: number): void {
    const rows = this.#rows.get(name);
    if (rows === undefined) return;
    if (typeof rows === 'number') {
      if (rows === row) this.#rows.delete(name);
      return;
    }
    rows.delete(row);
    if (rows.size === 0) this.#rows.delete(name);
  }

  /** The rows of the name; none when nobody bears it. */
  of(name: string): Iterable<number> {
    const rows = this.#rows.get(name);
    if (rows === undefined) return NONE;
    return typeof rows === 'number' ? [rows] : rows;
  }
}

const NONE: readonly number[] = [];
