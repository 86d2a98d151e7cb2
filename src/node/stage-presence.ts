import type { Presence, PresenceEntry } from '../runtime/ports/presence.ts';

/** Presence as it is, except that nobody learns who comes and goes while the node rehearses. */
export class StagePresence implements Presence {
  isRehearsing = false;
  private readonly presence: Presence;

  constructor(presence: Presence) {
    this.presence = presence;
  }

  add(entry: PresenceEntry): void {
    if (!this.isRehearsing) this.presence.add(entry);
  }

  remove(socket: string): void {
    if (!this.isRehearsing) this.presence.remove(socket);
  }

  arrive(entry: PresenceEntry, rooms: readonly string[]): void {
    this.presence.arrive(entry, rooms);
  }

  depart(socket: string): void {
    this.presence.depart(socket);
  }

  cede(socket: string): void {
    this.presence.cede(socket);
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
}
