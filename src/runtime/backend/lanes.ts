import { Lane } from './lane.ts';

/** Lanes without a record that are kept for their socket's next one. */
const MAX_IDLE = 4_096;

/**
 * The lanes of all sockets, by socket id.
 *
 * A lane outlives its last record for a while, because a `Map` that is written and emptied for each record goes from one
 * table to the next, and each table points to the one after it: once the garbage collector has moved one of them to the
 * old generation, it keeps all that follow, with what was in them. Copying that cost a sixth of an API node's CPU.
 */
export class Lanes {
  #lanes = new Map<string, Lane>();
  #idle = 0;

  /** Only of lanes with records in them, in no order. */
  *busy(): Iterable<Lane> {
    for (const lane of this.#lanes.values()) if (lane.waiting.length > 0) yield lane;
  }

  get(key: string): Lane | undefined {
    return this.#lanes.get(key);
  }

  /** The lane of a record that is about to be put into it. */
  busied(key: string): Lane {
    const known = this.#lanes.get(key);
    if (known !== undefined) {
      if (known.waiting.length === 0) this.#idle--;
      return known;
    }
    const lane = new Lane(key);
    this.#lanes.set(key, lane);
    return lane;
  }

  /** Its last record has left it. */
  idled(): void {
    this.#idle++;
    if (this.#idle <= MAX_IDLE || this.#idle * 2 < this.#lanes.size) return;
    const lanes = new Map<string, Lane>();
    for (const lane of this.busy()) lanes.set(lane.key, lane);
    this.#lanes = lanes;
    this.#idle = 0;
  }

  clear(): void {
    this.#lanes.clear();
    this.#idle = 0;
  }
}
