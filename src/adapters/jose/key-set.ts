import { createLocalJWKSet, errors, type JWK, type JWSHeaderParameters, type JWTVerifyGetKey } from 'jose';
import type { Clock } from '../../runtime/ports/clock.ts';
import type { Log } from '../../runtime/ports/log.ts';
import { KeysUnavailable } from './token-refusal.ts';

export interface KeySetOptions {
  /** Where the key set is published. Comes from the configuration alone, never from a token (CVE-2026-32301). */
  readonly url: string;
  readonly clock: Clock;
  readonly log: Log;
  /** Ms after which the set is fetched anew although every key was known. A withdrawn key works for twice as long. */
  readonly maxAge?: number;
  /** Least ms between two fetches, so that a flood of unknown key ids or a broken publisher costs one each. */
  readonly cooldown?: number;
  /** Ms that one fetch may take. */
  readonly timeout?: number;
}

type Key = Awaited<ReturnType<ReturnType<typeof createLocalJWKSet>>>;

/**
 * The public keys published at one URL (RFC 7517), cached. A key is found by its `kid` within this set and no other:
 * two issuers that use one `kid` do not meet (CVE-2026-49998).
 *
 * An unknown `kid` means that keys were rotated, and fetches again, at most once in `cooldown`. A publisher that is down
 * does not lock out clients whose key is known: the old set stays in use until a new one was fetched.
 */
export class KeySet {
  readonly #url: string;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #maxAge: number;
  readonly #cooldown: number;
  readonly #timeout: number;
  #keys: ReturnType<typeof createLocalJWKSet> | null = null;
  /** Monotonic ms of the last fetch that succeeded, and of the last one begun. */
  #fetchedAt = Number.NEGATIVE_INFINITY;
  #triedAt = Number.NEGATIVE_INFINITY;
  #fetching: Promise<void> | null = null;

  constructor(options: KeySetOptions) {
    this.#url = options.url;
    this.#clock = options.clock;
    this.#log = options.log;
    this.#maxAge = options.maxAge ?? 600_000;
    this.#cooldown = options.cooldown ?? 10_000;
    this.#timeout = options.timeout ?? 5_000;
  }

  /** The key that verifies a token with this header. Rejects with jose's errors or `KeysUnavailable`. */
  readonly find: JWTVerifyGetKey = async (header) => {
    const age = this.#clock.now() - this.#fetchedAt;
    if (age >= this.#maxAge) {
      const refreshed = this.#refresh();
      // While the set is only a little too old, nobody waits for the new one.
      if (age >= 2 * this.#maxAge) await refreshed;
    }
    try {
      return await this.#lookUp(header);
    } catch (error) {
      if (!(error instanceof errors.JWKSNoMatchingKey) || !(await this.#refresh())) throw error;
      return this.#lookUp(header);
    }
  };

  #lookUp(header: JWSHeaderParameters): Promise<Key> {
    if (this.#keys === null) throw new KeysUnavailable(`no key set could be fetched from ${this.#url}`);
    // Only these two name a key. `jwk`, `jku` and `x5u` in a header are the sender's own claims.
    return this.#keys({ alg: header.alg, kid: header.kid });
  }

  /** Fetches unless that was tried within the cooldown; resolves with whether there may be new keys. */
  async #refresh(): Promise<boolean> {
    if (this.#fetching === null) {
      if (this.#clock.now() - this.#triedAt < this.#cooldown) return false;
      this.#triedAt = this.#clock.now();
      this.#fetching = this.#fetch().finally(() => {
        this.#fetching = null;
      });
    }
    await this.#fetching;
    return true;
  }

  async #fetch(): Promise<void> {
    try {
      const response = await fetch(this.#url, {
        // A redirect would be a URL that nobody configured.
        redirect: 'error',
        headers: { accept: 'application/jwk-set+json, application/json' },
        signal: AbortSignal.timeout(this.#timeout),
      });
      if (response.status !== 200) throw new Error(`status ${response.status}`);
      const { keys } = (await response.json()) as { keys: JWK[] };
      this.#keys = createLocalJWKSet({ keys });
      this.#fetchedAt = this.#clock.now();
    } catch (error) {
      this.#log.warn({ err: error, url: this.#url }, 'the JWKS could not be fetched');
    }
  }
}
