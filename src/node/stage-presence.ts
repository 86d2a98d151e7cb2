import type { PresentFirstLog } from '../runtime/cluster/present-first-log.ts';
import type { Incarnation } from '../runtime/ports/lease-store.ts';
import type { Presence, PresenceEntry } from '../runtime/ports/presence.ts';

/**
 * Presence of a gateway in a cluster: nobody learns who comes and goes while it rehearses. The log hears of sockets when
 * presence has them, and sockets that ended go when their end is in the log: whenever the node dies, whoever buries it
 * finds them and says it.
 */
export class StagePresence implements Presence {
  isRehearsing = false;
  /** What is not in the log by now is somebody else's to say. */
  isOver = false;
  private readonly presence: Presence;
  private readonly log: Pick<PresentFirstLog, 'expect'>;
  private readonly logged: (socket: string) => Promise<void>;

  /**
   * @param log waits for those who come
   * @param logged resolves when all that a socket has said so far is in the log
   */
  constructor(
    presence: Presence,
    log: Pick<PresentFirstLog, 'expect'>,
    logged: (socket: string) => Promise<void>,
  ) {
    this.presence = presence;
    this.log = log;
    this.logged = logged;
  }

  add(entry: PresenceEntry): void {
    if (this.isRehearsing) return;
    const written = this.presence.add(entry);
    if (written !== undefined) this.log.expect(entry.socket, written);
  }

  remove(socket: string): void {
    if (!this.isRehearsing) void this.removeWhenLogged(socket);
  }

  arrive(entry: PresenceEntry, rooms: readonly string[]): void {
    this.presence.arrive(entry, rooms);
  }

  depart(socket: string): void {
    this.presence.depart(socket);
  }

  cede(socket: string, to: Incarnation): void | Promise<boolean> {
    return this.presence.cede(socket, to);
  }

  join(socket: string, rooms: readonly string[]): void {
    if (!this.isRehearsing) this.presence.join(socket, rooms);
  }

  leave(socket: string, rooms: readonly string[]): void {
    if (!this.isRehearsing) this.presence.leave(socket, rooms);
  }

  touch(sockets: readonly string[], seen: number): void | Promise<void> {
    return this.presence.touch(sockets, seen);
  }

  nodesOf(
    users: readonly string[],
    rooms: readonly string[],
  ): readonly number[] | Promise<readonly number[]> {
    return this.presence.nodesOf(users, rooms);
  }

  homesOf(sockets: readonly string[]): readonly number[] | Promise<readonly number[]> {
    return this.presence.homesOf(sockets);
  }

  nodes(): readonly number[] | Promise<readonly number[]> {
    return this.presence.nodes();
  }

  socketsOfUser(user: string): readonly string[] | Promise<readonly string[]> {
    return this.presence.socketsOfUser(user);
  }

  sweep(before: number): readonly string[] | Promise<readonly string[]> {
    return this.presence.sweep(before);
  }

  private async removeWhenLogged(socket: string): Promise<void> {
    for (;;) {
      try {
        await this.logged(socket);
        return this.presence.remove(socket);
      } catch {
        // Some record before it was given up, or all of them.
        if (this.isOver) return;
      }
    }
  }
}
