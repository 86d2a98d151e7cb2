import { RedisPresence } from '../../src/adapters/redis/presence.ts';
import type { RedisClient } from '../../src/adapters/redis/redis-client.ts';
import type { Incarnation } from '../../src/runtime/ports/lease-store.ts';
import type { Presence, PresenceEntry } from '../../src/runtime/ports/presence.ts';
import { SilentLog } from '../auth/silent-log.ts';
import { clock } from './redis-fixture.ts';

/** Several nodes behind one handle, as the contract writes for several: each with a presence of its own. */
export class PresenceOfNodes implements Presence {
  private readonly client: RedisClient;
  private readonly nodesByNumber = new Map<number, RedisPresence>();
  private readonly homes = new Map<string, RedisPresence>();

  constructor(client: RedisClient) {
    this.client = client;
  }

  add(entry: PresenceEntry): Promise<void> {
    const node = this.node(entry.node);
    this.homes.set(entry.socket, node);
    return node.add(entry);
  }

  arrive(entry: PresenceEntry, rooms: readonly string[]): void {
    const node = this.node(entry.node);
    this.homes.set(entry.socket, node);
    node.arrive(entry, rooms);
  }

  cede(socket: string, to: Incarnation): void | Promise<boolean> {
    return this.homes.get(socket)?.cede(socket, to);
  }

  depart(socket: string): void {
    this.homes.get(socket)?.depart(socket);
  }

  remove(socket: string): void {
    this.homes.get(socket)?.remove(socket);
  }

  join(socket: string, rooms: readonly string[]): void {
    this.homes.get(socket)?.join(socket, rooms);
  }

  leave(socket: string, rooms: readonly string[]): void {
    this.homes.get(socket)?.leave(socket, rooms);
  }

  async touch(sockets: readonly string[], seen: number): Promise<void> {
    for (const node of this.nodesByNumber.values()) await node.touch(sockets, seen);
  }

  nodesOf(users: readonly string[], rooms: readonly string[]) {
    return this.node(0).nodesOf(users, rooms);
  }

  homesOf(sockets: readonly string[]) {
    return this.node(0).homesOf(sockets);
  }

  nodes(): readonly number[] {
    return [...this.nodesByNumber.keys()];
  }

  socketsOfUser(user: string) {
    return this.node(0).socketsOfUser(user);
  }

  async sweep(before: number): Promise<readonly string[]> {
    const gone = await Promise.all([...this.nodesByNumber.values()].map((node) => node.sweep(before)));
    return gone.flat();
  }

  private node(number: number): RedisPresence {
    let node = this.nodesByNumber.get(number);
    if (node === undefined) {
      node = new RedisPresence({
        client: this.client,
        clock,
        log: new SilentLog(),
        self: { number, epoch: 1 },
        directory: {
          gateways: () => [...this.nodesByNumber.keys()],
          isLive: () => true,
          settled: () => null,
        },
        cacheFor: 0,
      });
      this.nodesByNumber.set(number, node);
    }
    return node;
  }
}
