import { expect } from 'vitest';
import { FLAVOURS, isSocketIo } from '../../src/runtime/codec/flavour.ts';
import type { Socket } from '../../src/runtime/socket/socket.ts';
import type { World } from './world.ts';

/** Subscriptions in the socket library are exactly what the tables say, for every namespace, room and flavour. */
export function checkSubscriptions(world: World): void {
  const counted = new Map<string, number>();
  for (const namespace of world.gateway.namespaces.all()) {
    for (const flavour of FLAVOURS) {
      counted.set(namespace.topic(flavour), namespace.subscribers[flavour]!);
      for (const room of namespace.rooms.values()) {
        counted.set(room.topic(flavour), room.subscribers?.[flavour] ?? 0);
      }
    }
    for (const room of namespace.rooms.values()) expect(room.members.size).toBeGreaterThan(0);
  }
  for (const [topic, count] of counted) {
    expect(world.network.topics.get(topic)?.size ?? 0, JSON.stringify(topic)).toBe(count);
  }
  for (const topic of world.network.topics.keys()) {
    expect(counted.get(topic), JSON.stringify(topic)).toBeGreaterThan(0);
  }
}

/** Presence knows the same sockets as the tables, with the same users. */
export async function checkPresence(world: World): Promise<void> {
  const sockets: Socket[] = [];
  for (const namespace of world.gateway.namespaces.all()) {
    for (let socket = namespace.first; socket !== null; socket = socket.next) sockets.push(socket);
  }
  expect(world.presence.size).toBe(sockets.length);
  for (const socket of sockets) {
    expect(world.gateway.sockets.find(socket.id)).toBe(socket);
    if (socket.user !== '') expect(world.presence.socketsOfUser(socket.user)).toContain(socket.id);
  }
}

/** Nothing is left of anybody: no row, no subscription, no timer, no entry anywhere. */
export function checkNothingLeft(world: World): void {
  const { gateway, metrics } = world;
  expect({
    connections: gateway.connections.size,
    sockets: gateway.socketTable.size,
    users: gateway.sessions.userCount,
    namespaces: [...gateway.namespaces.all()].length,
    presence: world.presence.size,
    topics: world.network.topics.size,
    timers: world.wheel.armed,
    inConnectionStates: sum(gateway.runner.population),
    inSocketStates: sum(gateway.sockets.machine.population),
  }).toEqual({
    connections: 0,
    sockets: 0,
    users: 0,
    namespaces: 0,
    presence: 0,
    topics: 0,
    timers: 0,
    inConnectionStates: 0,
    inSocketStates: 0,
  });
  for (let row = 0; row < gateway.connections.rows; row++) {
    expect(gateway.connections.queuedBytes[row]).toBe(0);
    expect(gateway.connections.behindSince[row]).toBe(0);
    expect(gateway.connections.flags[row]).toBe(0);
  }
  expect(metrics.counters.values[0]).toBeGreaterThan(0);
}

/** The backend hears of every socket once that it came, then its messages, then once that it is gone. */
export function checkRecords(world: World): void {
  const lives = new Map<string, string[]>();
  for (const { key, kind } of world.records) {
    const life = lives.get(key) ?? [];
    life.push(kind);
    lives.set(key, life);
  }
  for (const [key, life] of lives) {
    expect(life[0], key).toBe('connect');
    expect(
      life.filter((kind) => kind === 'connect'),
      key,
    ).toHaveLength(1);
    const end = life.indexOf('disconnect');
    if (end >= 0) expect(end, key).toBe(life.length - 1);
    else expect(world.gateway.sockets.find(key), key).toBeDefined();
  }
}

export function canAck(socket: Socket): boolean {
  return isSocketIo(socket.connection.flavour);
}

/** The first state is that of rows that are absent; its figure means nothing. */
function sum(population: Int32Array): number {
  return population.subarray(1).reduce((total, count) => total + count, 0);
}
