import { randomFillSync } from 'node:crypto';
import type { Random } from '../runtime/ports/random.ts';

/** Asking the system costs microseconds, whatever the size; a message asks for a few bytes. */
const AT_ONCE = 8_192;

/** Randomness of a real process. */
class SystemRandom implements Random {
  #pool = new Uint8Array(AT_ONCE);
  #used = AT_ONCE;

  bytes(size: number): Uint8Array {
    if (size > AT_ONCE) return randomFillSync(new Uint8Array(size));
    if (this.#used + size > AT_ONCE) {
      // What was handed out stays its holder's.
      this.#pool = randomFillSync(new Uint8Array(AT_ONCE));
      this.#used = 0;
    }
    this.#used += size;
    return this.#pool.subarray(this.#used - size, this.#used);
  }

  fraction(): number {
    return Math.random();
  }
}

export const SYSTEM_RANDOM: Random = new SystemRandom();
