import fc from 'fast-check';
import { expect } from 'vitest';
import type { Presence } from '../../src/runtime/ports/presence.ts';
import {
  type Clause,
  type ContractFixture,
  describeContract,
  eventually,
  type MakeFixture,
} from './contract.ts';

export interface PresenceFixture extends ContractFixture {
  /** A handle on the presence. Every call returns one on the same storage, maybe the same object. */
  open(): Promise<Presence>;
  /** How many random histories the adapter can play in the time of one test. */
  readonly histories: number;
  /** Whether `nodes()` is counted from the sockets; an adapter may have it from a directory of nodes instead. */
  readonly countsNodes: boolean;
}

const NOW = Date.UTC(2026, 10, 20);
const A = '115964116992012345';
const B = '115964116992012346';
const C = '115964116992016384';

/** The guarantees of `src/runtime/ports/presence.ts`. */
export const PRESENCE_CLAUSES: readonly Clause<PresenceFixture>[] = [
  {
    title: 'knows the nodes of users and rooms, each node once',
    async check({ open, countsNodes }) {
      const presence = await open();
      presence.add({ socket: A, user: 'u1', node: 3, seen: NOW });
      presence.add({ socket: B, user: 'u1', node: 4, seen: NOW });
      presence.add({ socket: C, user: 'u2', node: 3, seen: NOW });
      presence.join(A, ['doc-1']);
      presence.join(C, ['doc-1', 'doc-2']);
      expect(sorted(await presence.nodesOf(['u1'], []))).toEqual([3, 4]);
      expect(sorted(await presence.nodesOf(['u2'], []))).toEqual([3]);
      expect(sorted(await presence.nodesOf([], ['doc-1']))).toEqual([3]);
      expect(sorted(await presence.nodesOf(['u1', 'u2'], ['doc-1', 'doc-2']))).toEqual([3, 4]);
      if (countsNodes) expect(sorted(await presence.nodes())).toEqual([3, 4]);
    },
  },
  {
    title: 'knows no node of users and rooms that nobody bears',
    async check({ open, countsNodes }) {
      const presence = await open();
      if (countsNodes) expect(sorted(await presence.nodes())).toEqual([]);
      presence.add({ socket: A, user: 'u1', node: 3, seen: NOW });
      presence.join(A, ['doc-1']);
      expect(await presence.nodesOf(['doc-1', 'nobody', '__proto__'], ['u1', 'constructor'])).toEqual([]);
      expect(await presence.nodesOf([], [])).toEqual([]);
      expect(await presence.socketsOfUser('nobody')).toEqual([]);
    },
  },
  {
    title: 'does not take anonymous sockets for one user',
    async check({ open, countsNodes }) {
      const presence = await open();
      presence.add({ socket: A, user: '', node: 3, seen: NOW });
      presence.add({ socket: B, user: '', node: 4, seen: NOW });
      presence.join(B, ['doc-1']);
      expect(await presence.nodesOf([''], [])).toEqual([]);
      expect(await presence.socketsOfUser('')).toEqual([]);
      if (countsNodes) expect(sorted(await presence.nodes())).toEqual([3, 4]);
      expect(await presence.nodesOf([], ['doc-1'])).toEqual([4]);
    },
  },
  {
    title: "lists a user's sockets, the oldest first, whichever was seen last",
    async check({ open }) {
      const presence = await open();
      for (const [age, socket] of [A, B, C].entries()) {
        presence.add({ socket, user: 'u1', node: age, seen: NOW + age });
      }
      await presence.touch([A], NOW + 1_000);
      expect(await presence.socketsOfUser('u1')).toEqual([A, B, C]);
      presence.remove(A);
      expect(await presence.socketsOfUser('u1')).toEqual([B, C]);
    },
  },
  {
    title: 'forgets a removed socket everywhere',
    async check({ open, countsNodes }) {
      const presence = await open();
      presence.add({ socket: A, user: 'u1', node: 3, seen: NOW });
      presence.join(A, ['doc-1', 'doc-2']);
      presence.remove(A);
      expect(await presence.nodesOf(['u1'], ['doc-1', 'doc-2'])).toEqual([]);
      expect(await presence.socketsOfUser('u1')).toEqual([]);
      if (countsNodes) expect(sorted(await presence.nodes())).toEqual([]);
      presence.add({ socket: A, user: 'u1', node: 3, seen: NOW });
      expect(await presence.nodesOf([], ['doc-1', 'doc-2'])).toEqual([]);
    },
  },
  {
    title: 'has a socket in a room from its join to its leave',
    async check({ open }) {
      const presence = await open();
      presence.add({ socket: A, user: 'u1', node: 3, seen: NOW });
      presence.join(A, ['doc-1']);
      presence.join(A, ['doc-1']);
      presence.leave(A, ['doc-1']);
      expect(await presence.nodesOf([], ['doc-1'])).toEqual([]);
      presence.leave(A, ['doc-1', 'never-joined']);
      presence.join(A, ['doc-1', 'doc-2']);
      presence.leave(A, ['doc-2']);
      expect(await presence.nodesOf([], ['doc-1'])).toEqual([3]);
      expect(await presence.nodesOf([], ['doc-2'])).toEqual([]);
    },
  },
  {
    title: 'makes no socket of an unknown id',
    async check({ open, countsNodes }) {
      const presence = await open();
      presence.join(A, ['doc-1']);
      presence.leave(B, ['doc-1']);
      await presence.touch([C], NOW);
      presence.remove(B);
      expect(await presence.nodesOf([], ['doc-1'])).toEqual([]);
      if (countsNodes) expect(sorted(await presence.nodes())).toEqual([]);
      expect(await presence.sweep(NOW + 1_000)).toEqual([]);
    },
  },
  {
    title: 'sweeps the sockets not seen since, and only those',
    async check({ open }) {
      const presence = await open();
      for (const [age, socket] of [A, B, C].entries()) {
        presence.add({ socket, user: 'u1', node: age, seen: NOW });
        presence.join(socket, ['doc-1']);
      }
      await presence.touch([B], NOW + 500);
      await presence.touch([C], NOW + 1_000);
      expect((await presence.sweep(NOW + 500)).toSorted()).toEqual([A]);
      expect(await presence.socketsOfUser('u1')).toEqual([B, C]);
      expect(sorted(await presence.nodesOf([], ['doc-1']))).toEqual([1, 2]);
      expect((await presence.sweep(NOW + 5_000)).toSorted()).toEqual([B, C]);
      expect(await presence.nodesOf(['u1'], ['doc-1'])).toEqual([]);
    },
  },
  {
    title: 'shows what one node wrote to the others',
    async check({ open, patience }) {
      const [one, other] = [await open(), await open()];
      one.add({ socket: A, user: 'u1', node: 3, seen: NOW });
      one.join(A, ['doc-1']);
      await eventually(patience, async () => {
        expect(await other.nodesOf(['u1'], ['doc-1'])).toEqual([3]);
        expect(await other.socketsOfUser('u1')).toEqual([A]);
      });
      one.remove(A);
      await eventually(patience, async () => expect(await other.nodesOf(['u1'], ['doc-1'])).toEqual([]));
    },
  },
  {
    title: 'says that a socket was added when the others can find it, and not before',
    async check({ open }) {
      const [one, other] = [await open(), await open()];
      for (const [number, socket] of [A, B, C].entries()) {
        await one.add({ socket, user: `u${number}`, node: 3, seen: NOW });
        expect(await other.socketsOfUser(`u${number}`)).toEqual([socket]);
        expect(await other.homesOf([socket])).toEqual([3]);
      }
    },
  },
  {
    title: 'answers like plain sets after any history of writes',
    async check({ open, histories, countsNodes }) {
      const presence = await open();
      await fc.assert(
        fc.asyncProperty(fc.array(write, { maxLength: 60 }), async (history) => {
          const model = new Map<string, { user: string; node: number; seen: number; rooms: Set<string> }>();
          for (const [step, { kind, socket, user, rooms, node }] of history.entries()) {
            const known = model.get(socket);
            if (kind === 'add' && known === undefined) {
              presence.add({ socket, user, node, seen: NOW + step });
              model.set(socket, { user, node, seen: NOW + step, rooms: new Set() });
            } else if (kind === 'remove') {
              presence.remove(socket);
              model.delete(socket);
            } else if (kind === 'join') {
              presence.join(socket, rooms);
              for (const room of rooms) known?.rooms.add(room);
            } else if (kind === 'leave') {
              presence.leave(socket, rooms);
              for (const room of rooms) known?.rooms.delete(room);
            } else if (kind === 'touch') {
              await presence.touch([socket], NOW + step);
              if (known !== undefined) known.seen = NOW + step;
            } else if (kind === 'sweep') {
              const gone = [...model].filter(([, entry]) => entry.seen < NOW + step / 2).map(([id]) => id);
              expect((await presence.sweep(NOW + step / 2)).toSorted()).toEqual(gone.toSorted());
              for (const id of gone) model.delete(id);
            }
          }
          const entries = [...model.values()];
          if (countsNodes) expect(sorted(await presence.nodes())).toEqual(nodesIn(entries));
          for (const user of USERS) {
            expect(sorted(await presence.nodesOf([user], []))).toEqual(
              nodesIn(entries.filter((entry) => entry.user === user)),
            );
          }
          for (const room of ROOMS) {
            expect(sorted(await presence.nodesOf([], [room]))).toEqual(
              nodesIn(entries.filter((entry) => entry.rooms.has(room))),
            );
          }
          for (const id of model.keys()) presence.remove(id);
          if (countsNodes) expect(sorted(await presence.nodes())).toEqual([]);
        }),
        // One history that no amount of luck may leave out: a socket leaves all its rooms at once and stays.
        { numRuns: histories, examples: [[LEAVES_ALL_ROOMS]] },
      );
    },
  },
];

/** Judges an adapter of presence. */
export function presenceContract(name: string, make: MakeFixture<PresenceFixture>): void {
  describeContract('presence', PRESENCE_CLAUSES, name, make);
}

const USERS = ['u1', 'u2', 'u3'];
const ROOMS = ['doc-1', 'doc-2', 'doc-3', 'u1'];

const write = fc.record({
  kind: fc.constantFrom('add', 'add', 'add', 'join', 'join', 'leave', 'touch', 'remove', 'sweep'),
  socket: fc.integer({ min: 0, max: 8 }).map((n) => String(115_964_116_992 + n)),
  user: fc.constantFrom(...USERS, ''),
  rooms: fc.subarray(ROOMS, { minLength: 1 }),
  node: fc.integer({ min: 0, max: 3 }),
});
const LEAVES_ALL_ROOMS = (['add', 'join', 'leave'] as const).map((kind) => ({
  kind,
  socket: A,
  user: USERS[0]!,
  rooms: [...ROOMS],
  node: 1,
}));

function sorted(nodes: readonly number[]): number[] {
  return nodes.toSorted((a, b) => a - b);
}

function nodesIn(entries: readonly { node: number }[]): number[] {
  return sorted([...new Set(entries.map((entry) => entry.node))]);
}
