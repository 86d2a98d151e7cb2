import { describe, expect, it } from 'vitest';
import { MemoryPresence } from '../../src/adapters/memory/presence.ts';
import type { PresenceEntry } from '../../src/runtime/ports/presence.ts';
import { describeFaults, type Fault } from './contract.ts';
import { PRESENCE_CLAUSES, type PresenceFixture, presenceContract } from './presence-contract.ts';

function fixture(presence: MemoryPresence, other = presence): PresenceFixture {
  let opened = 0;
  return {
    patience: 200,
    histories: 300,
    countsNodes: true,
    open: async () => (opened++ === 0 ? presence : other),
    dispose: async () => {},
  };
}

presenceContract('memory', () => fixture(new MemoryPresence()));

class RepeatsNodes extends MemoryPresence {
  override nodesOf(users: readonly string[], rooms: readonly string[]): readonly number[] {
    return [...super.nodesOf(users, []), ...super.nodesOf([], rooms)];
  }
}
class TellsEveryNode extends MemoryPresence {
  override nodesOf(): readonly number[] {
    return this.nodes();
  }
}
class TakesAnonymousForAUser extends MemoryPresence {
  override add(entry: PresenceEntry): void {
    super.add({ ...entry, user: entry.user === '' ? 'anonymous' : entry.user });
  }
  override socketsOfUser(user: string): readonly string[] {
    return super.socketsOfUser(user === '' ? 'anonymous' : user);
  }
}
class ListsTheYoungestFirst extends MemoryPresence {
  override socketsOfUser(user: string): readonly string[] {
    return super.socketsOfUser(user).toReversed();
  }
}
class KeepsRooms extends MemoryPresence {
  readonly #everJoined = new Set<string>();
  override join(socket: string, rooms: readonly string[]): void {
    super.join(socket, rooms);
    for (const room of rooms) this.#everJoined.add(room);
  }
  override nodesOf(users: readonly string[], rooms: readonly string[]): readonly number[] {
    return rooms.some((room) => this.#everJoined.has(room)) ? [3] : super.nodesOf(users, rooms);
  }
}
class DoesNotLeave extends MemoryPresence {
  override leave(): void {}
}
class AddsOnJoin extends MemoryPresence {
  override join(socket: string, rooms: readonly string[]): void {
    if (rooms.includes('doc-1')) super.add({ socket, user: '', node: 9, seen: 0 });
    super.join(socket, rooms);
  }
}
class IgnoresTouch extends MemoryPresence {
  override touch(): void {}
}
class SaysAddedTooEarly extends MemoryPresence {
  override add(entry: PresenceEntry): void {
    setImmediate(() => super.add(entry));
  }
}
class ForgetsASocketOnLeave extends MemoryPresence {
  override leave(socket: string, rooms: readonly string[]): void {
    super.leave(socket, rooms);
    if (rooms.length >= 4) this.remove(socket);
  }
}

const fault = (
  breaks: string,
  name: string,
  make: () => MemoryPresence,
  other?: () => MemoryPresence,
): Fault<PresenceFixture> => ({
  breaks,
  fault: name,
  make: () => fixture(make(), other?.()),
});

describeFaults('presence', PRESENCE_CLAUSES, [
  fault(
    'knows the nodes of users and rooms, each node once',
    'presence that repeats nodes',
    () => new RepeatsNodes(),
  ),
  fault(
    'knows no node of users and rooms that nobody bears',
    'presence that tells every node',
    () => new TellsEveryNode(),
  ),
  fault(
    'does not take anonymous sockets for one user',
    'presence that has an anonymous user',
    () => new TakesAnonymousForAUser(),
  ),
  fault(
    "lists a user's sockets, the oldest first, whichever was seen last",
    'presence that lists the youngest first',
    () => new ListsTheYoungestFirst(),
  ),
  fault(
    'forgets a removed socket everywhere',
    'presence that keeps a removed socket in its rooms',
    () => new KeepsRooms(),
  ),
  fault(
    'has a socket in a room from its join to its leave',
    'presence that does not leave',
    () => new DoesNotLeave(),
  ),
  fault('makes no socket of an unknown id', 'presence that adds on join', () => new AddsOnJoin()),
  fault(
    'sweeps the sockets not seen since, and only those',
    'presence that ignores touch',
    () => new IgnoresTouch(),
  ),
  fault(
    'shows what one node wrote to the others',
    'presence that other nodes do not see',
    () => new MemoryPresence(),
    () => new MemoryPresence(),
  ),
  fault(
    'says that a socket was added when the others can find it, and not before',
    'presence that says too early that a socket was added',
    () => new SaysAddedTooEarly(),
  ),
  fault(
    'answers like plain sets after any history of writes',
    'presence that forgets a socket which left four rooms at once',
    () => new ForgetsASocketOnLeave(),
  ),
]);

describe('presence in memory', () => {
  it('refuses a socket id that is no Snowflake', () => {
    expect(() => new MemoryPresence().add({ socket: 's1', user: '', node: 0, seen: 0 })).toThrow(
      expect.objectContaining({ code: 'invalid_argument' }),
    );
  });

  it('replaces a socket that is added again', () => {
    const presence = new MemoryPresence();
    presence.add({ socket: '42', user: 'u1', node: 1, seen: 0 });
    presence.add({ socket: '42', user: 'u2', node: 2, seen: 0 });
    expect(presence.size).toBe(1);
    expect(presence.nodes()).toEqual([2]);
    expect(presence.socketsOfUser('u1')).toEqual([]);
  });

  it('notices a node that takes the place of another', () => {
    const presence = new MemoryPresence();
    presence.add({ socket: '42', user: '', node: 1, seen: 0 });
    presence.remove('42');
    presence.add({ socket: '43', user: '', node: 2, seen: 0 });
    expect(presence.nodes()).toEqual([2]);
  });

  it('takes a free row again before it grows', () => {
    const presence = new MemoryPresence();
    for (let id = 1; id <= 1_000; id++) {
      presence.add({ socket: String(id), user: `u${id % 7}`, node: 0, seen: id });
    }
    expect(presence.sweep(501)).toHaveLength(500);
    for (let id = 2_001; id <= 2_500; id++) presence.add({ socket: String(id), user: '', node: 0, seen: id });
    expect(presence.size).toBe(1_000);
    expect(presence.sweep(2_001)).toHaveLength(500);
    expect(presence.socketsOfUser('u1')).toEqual([]);
  });
});
