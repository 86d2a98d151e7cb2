import { HoldfastError } from '../../runtime/errors/holdfast-error.ts';
import { IdTable, NO_ROW } from '../../runtime/identity/id-table.ts';
import type { SnowflakeParts } from '../../runtime/identity/snowflake.ts';
import { parseDecimal, toDecimal } from '../../runtime/identity/snowflake-decimal.ts';
import type { Presence, PresenceEntry } from '../../runtime/ports/presence.ts';
import { PresenceRows } from './presence-rows.ts';
import { RowSets } from './row-sets.ts';

/**
 * Presence of all nodes of one process. A socket is a row of typed arrays, found by its Snowflake: about 60 bytes,
 * and nothing beyond that for an anonymous one in no room.
 *
 * Socket ids must be decimal Snowflakes: `add` throws `HoldfastError('invalid_argument')` for anything else. Everything
 * else takes an id that nobody bears for a socket that has just gone.
 */
export class MemoryPresence implements Presence {
  readonly #ids = new IdTable();
  readonly #rows = new PresenceRows();
  readonly #users = new RowSets();
  readonly #rooms = new RowSets();
  /** Sockets of each node. */
  readonly #nodes = new Map<number, number>();
  #nodeList: readonly number[] = [];
  readonly #parts: SnowflakeParts = { hi: 0, lo: 0 };

  /** Sockets present. */
  get size(): number {
    return this.#ids.size;
  }

  add(entry: PresenceEntry): void {
    this.remove(entry.socket);
    const parts = this.#parts;
    if (!parseDecimal(entry.socket, parts)) {
      throw new HoldfastError('invalid_argument', 'a socket id is a decimal Snowflake');
    }
    const row = this.#rows.add(parts.hi, parts.lo, entry);
    this.#ids.set(parts.hi, parts.lo, row);
    if (entry.user !== '') this.#users.add(entry.user, row);
    this.#countNode(entry.node, 1);
  }

  arrive(entry: PresenceEntry, rooms: readonly string[]): void {
    this.add(entry);
    this.join(entry.socket, rooms);
  }

  /** One memory serves all nodes. */
  cede(): void {}

  /** One memory serves all nodes: whoever took the socket in has said so. */
  depart(): void {}

  remove(socket: string): void {
    const row = this.#rowOf(socket);
    if (row !== NO_ROW) this.#removeRow(row);
  }

  join(socket: string, rooms: readonly string[]): void {
    const row = this.#rowOf(socket);
    if (row === NO_ROW) return;
    for (const room of rooms) {
      this.#rows.join(row, room);
      this.#rooms.add(room, row);
    }
  }

  leave(socket: string, rooms: readonly string[]): void {
    const row = this.#rowOf(socket);
    if (row === NO_ROW) return;
    for (const room of rooms) {
      this.#rows.leave(row, room);
      this.#rooms.delete(room, row);
    }
  }

  touch(sockets: readonly string[], seen: number): void {
    for (const socket of sockets) {
      const row = this.#rowOf(socket);
      if (row !== NO_ROW) this.#rows.touch(row, seen);
    }
  }

  nodesOf(users: readonly string[], rooms: readonly string[]): readonly number[] {
    const found = new Set<number>();
    for (const user of users) this.#collectNodes(this.#users.of(user), found);
    for (const room of rooms) this.#collectNodes(this.#rooms.of(room), found);
    return [...found];
  }

  homesOf(sockets: readonly string[]): readonly number[] {
    return sockets.map((socket) => {
      const row = this.#rowOf(socket);
      return row === NO_ROW ? -1 : this.#rows.node(row);
    });
  }

  nodes(): readonly number[] {
    return this.#nodeList;
  }

  socketsOfUser(user: string): readonly string[] {
    const sockets: string[] = [];
    for (const row of this.#users.of(user)) sockets.push(this.#socketAt(row));
    return sockets;
  }

  sweep(before: number): readonly string[] {
    const gone: string[] = [];
    for (const row of this.#rows.notSeenSince(before)) {
      gone.push(this.#socketAt(row));
      this.#removeRow(row);
    }
    return gone;
  }

  #rowOf(socket: string): number {
    const parts = this.#parts;
    return parseDecimal(socket, parts) ? this.#ids.get(parts.hi, parts.lo) : NO_ROW;
  }

  #socketAt(row: number): string {
    return toDecimal(this.#rows.hi(row), this.#rows.lo(row));
  }

  #removeRow(row: number): void {
    const rows = this.#rows;
    this.#ids.delete(rows.hi(row), rows.lo(row));
    const user = rows.user(row);
    if (user !== '') this.#users.delete(user, row);
    for (const room of rows.rooms(row)) this.#rooms.delete(room, row);
    this.#countNode(rows.node(row), -1);
    rows.remove(row);
  }

  #countNode(node: number, change: 1 | -1): void {
    const sockets = (this.#nodes.get(node) ?? 0) + change;
    if (sockets === 0) this.#nodes.delete(node);
    else this.#nodes.set(node, sockets);
    if (this.#nodes.size !== this.#nodeList.length) this.#nodeList = [...this.#nodes.keys()];
  }

  /** Stops as soon as every node there is was found, which in a single-node process is at the first socket. */
  #collectNodes(rows: Iterable<number>, into: Set<number>): void {
    for (const row of rows) {
      into.add(this.#rows.node(row));
      if (into.size === this.#nodes.size) return;
    }
  }
}
