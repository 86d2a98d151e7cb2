import type { Connection } from '../connection/connection.ts';
import type { Socket } from '../socket/socket.ts';

/** A window's length, ms; what is told covers between one and two of them. */
const WINDOW = 30_000;
/** Names kept of a window. In a storm of more, those that come again later are counted from then on. */
const MOST_NAMES = 10_000;

/** Who has connected lately, and how often. Bounded in memory; each connect costs a look into a map or two. */
export class Comings {
  readonly users: FrequentNames;
  readonly addresses: FrequentNames;

  /** @param now any monotonic scale, ms; may be coarse */
  constructor(now: () => number) {
    this.users = new FrequentNames(now);
    this.addresses = new FrequentNames(now);
  }

  opened({ handshake }: Connection): void {
    this.addresses.note(handshake.address);
  }

  /** Once for each connection, not for each of its namespaces. */
  loggedIn(socket: Socket): void {
    if (socket.user !== '' && socket.connection.socket === socket) this.users.note(socket.user);
  }

  /** Those who came until now do not count. */
  clear(): void {
    this.users.clear();
    this.addresses.clear();
  }
}

/** Counts names over the last half a minute to a minute. */
export class FrequentNames {
  private readonly now: () => number;
  private began: number;
  private current = new Map<string, number>();
  private previous = new Map<string, number>();

  constructor(now: () => number) {
    this.now = now;
    this.began = now();
  }

  note(name: string): void {
    this.turn();
    const known = this.current.get(name);
    if (known !== undefined) this.current.set(name, known + 1);
    else if (this.current.size < MOST_NAMES) this.current.set(name, 1);
  }

  /** Names that came at least so often, with how often, and within what time (ms). */
  frequent(least: number): { name: string; times: number; within: number }[] {
    this.turn();
    const within = Math.round(this.now() - this.began + WINDOW);
    const names = new Set([...this.current.keys(), ...this.previous.keys()]);
    return Array.from(names, (name) => {
      const times = (this.current.get(name) ?? 0) + (this.previous.get(name) ?? 0);
      return { name, times, within };
    }).filter(({ times }) => times >= least);
  }

  clear(): void {
    this.current.clear();
    this.previous.clear();
  }

  private turn(): void {
    const age = this.now() - this.began;
    if (age < WINDOW) return;
    this.previous = age < 2 * WINDOW ? this.current : new Map();
    this.current = new Map();
    this.began = this.now();
  }
}
