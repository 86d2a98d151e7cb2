import type { NodeDirectory } from '../../runtime/cluster/node-directory.ts';
import { compareDecimals } from '../../runtime/identity/snowflake-decimal.ts';
import type { Clock, TimerHandle } from '../../runtime/ports/clock.ts';
import type { Incarnation } from '../../runtime/ports/lease-store.ts';
import type { Log } from '../../runtime/ports/log.ts';
import type { Presence, PresenceEntry } from '../../runtime/ports/presence.ts';
import { type LocalSocket, NameCounts } from './local-sockets.ts';
import { NodeLookup } from './node-lookup.ts';
import {
  clientKey,
  clientsOfNode,
  clientsOfRoom,
  clientsOfUser,
  memberOf,
  nodesOfRoom,
  nodesOfUser,
} from './presence-keys.ts';
import { erase, handOver, inBatches, LIFETIME, refresh, roomsText } from './presence-writes.ts';
import type { RedisClient, RedisConnection } from './redis-client.ts';
import { Unfound } from './unfound.ts';

export interface RedisPresenceOptions {
  readonly client: RedisClient;
  readonly clock: Clock;
  readonly log: Log;
  /** The incarnation whose sockets are written here. */
  readonly self: Incarnation;
  readonly directory: Pick<NodeDirectory, 'gateways' | 'isLive' | 'settled'>;
  /** How long (ms) a lookup may be answered from memory. */
  readonly cacheFor?: number;
}

type Writes = (redis: RedisConnection) => Promise<unknown>[];

/** Before what failed is written again, ms; it doubles while that fails, too. */
const FIRST_PAUSE = 250;
const LONGEST_PAUSE = 8_000;

/**
 * Presence in Redis. What this node wrote is remembered, and written again whenever the connection comes back: Redis
 * may have lost it, or never had it. Writes are never waited for; those of one tick leave together.
 */
export class RedisPresence implements Presence {
  readonly #options: RedisPresenceOptions;
  readonly #lookup: NodeLookup;
  readonly #sockets = new Map<string, LocalSocket>();
  readonly #users = new NameCounts();
  readonly #rooms = new NameCounts();
  readonly #unfound = new Unfound();
  /** Gone while Redis was away. */
  readonly #unwritten = new Map<string, LocalSocket>();
  #isBehind = false;
  #nextTry: TimerHandle | null = null;
  #pause = FIRST_PAUSE;
  #closed = false;

  constructor(options: RedisPresenceOptions) {
    this.#options = options;
    this.#lookup = new NodeLookup(options.client, options.clock, options.directory, options.cacheFor ?? 250);
    options.client.onReady(() => {
      // Whoever answers now may have lost what was written before, whether or not a write failed.
      this.#isBehind = this.#isBehind || this.#sockets.size > 0;
      void this.#catchUp();
    });
  }

  add(entry: PresenceEntry): Promise<void> {
    this.#insert(entry, []);
    return this.#unfound.add(entry.socket);
  }

  arrive(entry: PresenceEntry, rooms: readonly string[]): void {
    this.#insert(entry, rooms);
  }

  remove(socket: string): void {
    const local = this.#forget(socket);
    if (local === null || local.ceded) return;
    this.#write(
      () => this.#unwritten.set(socket, local),
      (redis) => erase(redis, this.#options.self, local),
    );
  }

  cede(socket: string, to: Incarnation): void | Promise<boolean> {
    const local = this.#sockets.get(socket);
    if (local === undefined || local.ceded) return;
    local.ceded = true;
    return this.#handOver(local, to);
  }

  depart(socket: string): void {
    const local = this.#forget(socket);
    if (local === null || local.ceded) return;
    this.#write(null, (redis) => [redis.srem(clientsOfNode(this.#options.self), socket)]);
  }

  join(socket: string, rooms: readonly string[]): void {
    const local = this.#sockets.get(socket);
    if (local === undefined) return;
    local.rooms ??= new Set();
    const joined = rooms.filter((room) => !local.rooms!.has(room));
    for (const room of joined) {
      local.rooms.add(room);
      if (this.#rooms.add(room)) this.#enlist(nodesOfRoom(room), local.seen);
    }
    if (joined.length === 0 || local.ceded) return;
    this.#write(null, (redis) => [
      redis.hset(clientKey(socket), 'guid', roomsText(local)),
      ...joined.map((room) => redis.zadd(clientsOfRoom(room), local.seen, socket)),
    ]);
  }

  leave(socket: string, rooms: readonly string[]): void {
    const local = this.#sockets.get(socket);
    if (local === undefined) return;
    const left = rooms.filter((room) => local.rooms?.delete(room) === true);
    for (const room of left) if (this.#rooms.remove(room)) this.#delist(nodesOfRoom(room));
    if (left.length === 0 || local.ceded) return;
    this.#write(null, (redis) => [
      redis.hset(clientKey(socket), 'guid', roomsText(local)),
      ...left.map((room) => redis.zrem(clientsOfRoom(room), socket)),
    ]);
  }

  async touch(sockets: readonly string[], seen: number): Promise<void> {
    const present: LocalSocket[] = [];
    for (const socket of sockets) {
      const local = this.#sockets.get(socket);
      if (local === undefined) continue;
      local.seen = seen;
      present.push(local);
    }
    await this.#rewrite(present);
    await this.#enlistAll(seen);
  }

  nodesOf(users: readonly string[], rooms: readonly string[]): Promise<readonly number[]> {
    return this.#lookup.nodesOf(users, rooms);
  }

  nodes(): readonly number[] | Promise<readonly number[]> {
    const { directory } = this.#options;
    return directory.settled()?.then(() => directory.gateways()) ?? directory.gateways();
  }

  homesOf(sockets: readonly string[]): Promise<readonly number[]> {
    return this.#options.client.run(async (redis) => {
      const nodes = await Promise.all(sockets.map((socket) => redis.hget(clientKey(socket), 'node')));
      return nodes.map((node) => (node === null ? -1 : Number(node)));
    });
  }

  socketsOfUser(user: string): Promise<readonly string[]> {
    if (user === '') return Promise.resolve([]);
    return this.#options.client.run(async (redis) => {
      const sockets = await redis.zrange(clientsOfUser(user), 0, '-1');
      return sockets.sort(compareDecimals);
    });
  }

  async sweep(before: number): Promise<readonly string[]> {
    const gone = [...this.#sockets].filter(([, { seen }]) => seen < before).map(([id]) => id);
    for (const id of gone) this.remove(id);
    const keys = this.#keys(clientsOfUser, clientsOfRoom);
    await inBatches(this.#options.client, keys, (redis, key) => [
      redis.zremrangebyscore(key, '-inf', `(${before}`),
    ]);
    return gone;
  }

  /** Writes nothing more. */
  close(): void {
    this.#closed = true;
  }

  #insert(entry: PresenceEntry, rooms: readonly string[]): void {
    this.remove(entry.socket);
    const { user, seen } = entry;
    const local: LocalSocket = {
      entry,
      seen,
      rooms: rooms.length === 0 ? null : new Set(rooms),
      ceded: false,
    };
    this.#sockets.set(entry.socket, local);
    this.#unwritten.delete(entry.socket);
    if (user !== '' && this.#users.add(user)) this.#enlist(nodesOfUser(user), seen);
    for (const room of rooms) if (this.#rooms.add(room)) this.#enlist(nodesOfRoom(room), seen);
    this.#write(
      null,
      (redis) => refresh(redis, this.#options.self, local),
      () => this.#unfound.found(entry.socket),
    );
  }

  /** The other node writes the same, unless it cannot: then this one does it in its place, however long it takes. */
  async #handOver(local: LocalSocket, to: Incarnation): Promise<boolean> {
    const { client, clock, self } = this.#options;
    while (!this.#closed) {
      try {
        return await client.run((redis) => handOver(redis, self, to, local));
      } catch {
        await new Promise<void>((resolve) => clock.after(FIRST_PAUSE, resolve));
      }
    }
    return true;
  }

  #forget(socket: string): LocalSocket | null {
    const local = this.#sockets.get(socket);
    if (local === undefined) return null;
    this.#sockets.delete(socket);
    this.#unfound.found(socket);
    const { user } = local.entry;
    if (user !== '' && this.#users.remove(user)) this.#delist(nodesOfUser(user));
    for (const room of local.rooms ?? []) if (this.#rooms.remove(room)) this.#delist(nodesOfRoom(room));
    return local;
  }

  #enlist(key: string, seen: number): void {
    this.#lookup.forget(key);
    this.#write(null, (redis) => [
      redis.zadd(key, seen, memberOf(this.#options.self)),
      redis.expire(key, LIFETIME),
    ]);
  }

  #delist(key: string): void {
    this.#lookup.forget(key);
    this.#write(null, (redis) => [redis.zrem(key, memberOf(this.#options.self))]);
  }

  #keys(ofUser: (user: string) => string, ofRoom: (room: string) => string): readonly string[] {
    return [...Array.from(this.#users.names(), ofUser), ...Array.from(this.#rooms.names(), ofRoom)];
  }

  #enlistAll(seen: number): Promise<void> {
    const member = memberOf(this.#options.self);
    const keys = this.#keys(nodesOfUser, nodesOfRoom);
    return inBatches(this.#options.client, keys, (redis, key) => [
      redis.zadd(key, seen, member),
      redis.expire(key, LIFETIME),
    ]);
  }

  #write(failed: (() => void) | null, work: Writes, done?: () => void): void {
    if (this.#closed) return;
    this.#options.client
      .run((redis) => Promise.all(work(redis)))
      .then(done, (error) => {
        failed?.();
        this.#fellBehind(error);
      });
  }

  /** Too slow is no reason for a new connection: nobody else would tell us when to catch up. */
  #fellBehind(error: unknown): void {
    if (!this.#isBehind)
      this.#options.log.warn({ err: error }, 'presence is not written; it will be caught up');
    this.#isBehind = true;
    if (this.#nextTry !== null) return;
    this.#nextTry = this.#options.clock.after(this.#pause, () => {
      this.#nextTry = null;
      void this.#catchUp();
    });
    this.#pause = Math.min(2 * this.#pause, LONGEST_PAUSE);
  }

  async #catchUp(): Promise<void> {
    if (!this.#isBehind || this.#closed || !this.#options.client.isReady) return;
    this.#isBehind = false;
    try {
      const gone = [...this.#unwritten];
      this.#unwritten.clear();
      await inBatches(this.#options.client, gone, (redis, [, local]) =>
        erase(redis, this.#options.self, local),
      );
      await this.#rewrite([...this.#sockets.values()]);
      await this.#enlistAll(this.#options.clock.wallNow());
      this.#pause = FIRST_PAUSE;
      this.#options.log.info({ sockets: this.#sockets.size }, 'presence was written again');
    } catch (error) {
      this.#fellBehind(error);
    }
  }

  #rewrite(sockets: readonly LocalSocket[]): Promise<void> {
    return inBatches(
      this.#options.client,
      sockets,
      (redis, local) =>
        // It may have gone while earlier ones were written.
        this.#sockets.get(local.entry.socket) === local ? refresh(redis, this.#options.self, local) : [],
      ({ entry }) => this.#unfound.found(entry.socket),
    );
  }
}
