import { describe, expect, it } from 'vitest';
import type { Answer, UserShare } from '../../src/runtime/delivery/letter.ts';
import { countUsers, namedUsers } from '../../src/runtime/delivery/user-count.ts';

/** One answer of each node, whose bytes came off a bus: a Buffer in the middle of a larger one. */
function nodes(...users: (readonly string[])[]) {
  return async (share: UserShare | null): Promise<Answer[]> =>
    users.map((here) => ({
      kind: 'count',
      sockets: here.length,
      users: new Set(here).size,
      hashes: share === null ? null : offTheBus(namedUsers(new Set(here), share)),
    }));
}

function offTheBus(bytes: Uint8Array): Buffer {
  const larger = Buffer.alloc(bytes.length + 6, 7);
  larger.set(bytes, 3);
  return larger.subarray(3, 3 + bytes.length);
}

describe('counting users of several nodes', () => {
  it('counts a user who is on two nodes once', async () => {
    expect(await countUsers(nodes(['anna', 'ben', 'ben'], ['ben', 'carl'], []))).toEqual({
      sockets: 5,
      users: 3,
    });
  });

  it('needs no names when one node holds them all', async () => {
    expect(await countUsers(nodes([], ['anna', 'anna']))).toEqual({ sockets: 2, users: 1 });
  });

  it('counts nobody where nobody is', async () => {
    expect(await countUsers(nodes([], []))).toEqual({ sockets: 0, users: 0 });
  });
});
