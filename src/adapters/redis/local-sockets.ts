import type { PresenceEntry } from '../../runtime/ports/presence.ts';

/** A socket of this node, as presence wrote it. */
export interface LocalSocket {
  readonly entry: PresenceEntry;
  seen: number;
  rooms: Set<string> | null;
  /** Another node writes of it. */
  ceded: boolean;
}

/** How many sockets of this node bear a name: only the first and the last matter to others. */
export class NameCounts {
  readonly #counts = new Map<string, number>();

  /** True for the first. */
  add(name: string): boolean {
    const before = this.#counts.get(name) ?? 0;
    this.#counts.set(name, before + 1);
    return before === 0;
  }

  /** True for the last. */
  remove(name: string): boolean {
    const before = this.#counts.get(name) ?? 0;
    if (before > 1) {
      this.#counts.set(name, before - 1);
      return false;
    }
    return this.#counts.delete(name);
  }

  names(): Iterable<string> {
    return this.#counts.keys();
  }
}
