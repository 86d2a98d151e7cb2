import { isTokenId, type Revocation } from '../auth/revocation.ts';
import type { RevokedTokens } from '../auth/revoked-tokens.ts';
import type { Clock, TimerHandle } from '../ports/clock.ts';
import type { EventChannel } from '../ports/event-channel.ts';
import type { Log } from '../ports/log.ts';
import type { RevocationStore } from '../ports/revocation-store.ts';

export interface RevocationsOptions {
  readonly tokens: RevokedTokens;
  readonly store: RevocationStore;
  readonly events: EventChannel;
  /** Closes the sessions here whose token is one of these; returns how many. */
  readonly endLogins: (isOver: (tokenId: string) => boolean) => number;
  readonly clock: Clock;
  readonly log: Log;
}

interface RevocationEvent extends Revocation {
  readonly kind: 'token revoked';
}

/** How often (ms) is looked whether the list of the cluster is longer than ours: an event may never have been sent. */
const CHECK_EVERY = 5_000;
/** Tokens stay on the list so much longer (ms) than they live: the clock of another node may be behind. */
const KEEP_LONGER = 60_000;

/**
 * Revoked tokens over all nodes. The list in the store is what counts, an event saves the others the time until they
 * would look. A store that comes back without what it had is told again by those who know.
 */
export class Revocations {
  private readonly options: RevocationsOptions;
  private subscription: { close(): void } | null = null;
  private timer: TimerHandle | null = null;
  /** Something may be on the list that is not known here, or the other way round. */
  private isBehind = false;
  private reading: Promise<void> | null = null;

  constructor(options: RevocationsOptions) {
    this.options = options;
  }

  /** Resolves when the list is known. Rejects while the store cannot be asked; may be called again then. */
  async start(): Promise<void> {
    this.subscription ??= this.options.events.subscribe(
      (event) => this.heard(event),
      () => void this.lookAgain(),
    );
    await this.read();
    // Stopped meanwhile.
    if (this.subscription === null) return;
    this.timer ??= this.options.clock.every(CHECK_EVERY, () => void this.check());
  }

  stop(): void {
    this.subscription?.close();
    this.subscription = null;
    if (this.timer !== null) this.options.clock.cancel(this.timer);
    this.timer = null;
  }

  /** Resolves, when it is remembered for all nodes, with the number of sessions that this one closed. */
  async revoke(revocation: Revocation): Promise<number> {
    const { store, events } = this.options;
    await store.remember([revocation]);
    const closed = this.learn([revocation]);
    const event: RevocationEvent = { kind: 'token revoked', ...revocation };
    events.publish(event);
    return closed;
  }

  private heard(event: object): void {
    if (!isRevocationEvent(event)) return;
    const { id, until } = event;
    this.learn([{ id, until }]);
  }

  private learn(revocations: readonly Revocation[]): number {
    const { tokens, endLogins, log } = this.options;
    const fresh = new Set(revocations.filter((one) => tokens.add(one)).map(({ id }) => id));
    if (fresh.size === 0) return 0;
    const closed = endLogins((id) => fresh.has(id));
    if (closed > 0)
      log.info({ tokens: fresh.size, sessions: closed }, 'sessions of revoked tokens were closed');
    return closed;
  }

  private async check(): Promise<void> {
    const { store, tokens, clock, log } = this.options;
    const now = clock.wallNow();
    try {
      await store.sweep(now - KEEP_LONGER);
      if (!this.isBehind && (await store.count(now)) === tokens.count()) return;
    } catch (error) {
      this.isBehind = true;
      log.debug({ err: error }, 'the list of revoked tokens was not looked at');
      return;
    }
    await this.lookAgain();
  }

  private async lookAgain(): Promise<void> {
    this.isBehind = true;
    try {
      await this.read();
    } catch (error) {
      this.options.log.debug({ err: error }, 'the list of revoked tokens was not read; it is tried again');
    }
  }

  /** One reading at a time; whoever asks meanwhile may know of something that it misses, so another follows. */
  private async read(): Promise<void> {
    while (this.reading !== null) await this.reading.catch(() => {});
    this.reading = this.exchange();
    try {
      await this.reading;
    } finally {
      this.reading = null;
    }
  }

  private async exchange(): Promise<void> {
    const { store, tokens, clock } = this.options;
    const listed = await store.all(clock.wallNow());
    this.learn(listed);
    const ends = new Map(listed.map(({ id, until }) => [id, until]));
    const missing = tokens.all().filter(({ id, until }) => (ends.get(id) ?? 0) < until);
    if (missing.length > 0) await store.remember(missing);
    this.isBehind = false;
  }
}

function isRevocationEvent(event: object): event is RevocationEvent {
  const { kind, id, until } = event as Partial<RevocationEvent>;
  return kind === 'token revoked' && isTokenId(id) && typeof until === 'number';
}
