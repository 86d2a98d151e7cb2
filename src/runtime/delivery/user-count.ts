import { hash } from 'node:crypto';
import type { Answer, UserShare } from './letter.ts';

type CountAnswer = Extract<Answer, { kind: 'count' }>;

/** Users named in one letter: 8 bytes each, so that it stays far below what a bus carries. */
const SHARE_SIZE = 50_000;

/**
 * Counts sockets and users of several nodes. A user may be on more than one of them, so beyond one node the users
 * are named, by hash, in as many rounds as letters of bounded size need.
 */
export async function countUsers(
  ask: (share: UserShare | null) => Promise<readonly Answer[]>,
): Promise<{ sockets: number; users: number }> {
  const counts = countsOf(await ask(null));
  const sockets = counts.reduce((sum, answer) => sum + answer.sockets, 0);
  const most = counts.reduce((sum, answer) => sum + answer.users, 0);
  if (counts.filter((answer) => answer.users > 0).length <= 1) return { sockets, users: most };
  const of = Math.max(1, Math.ceil(Math.max(...counts.map(({ users }) => users)) / SHARE_SIZE));
  let users = 0;
  for (let index = 0; index < of; index++) {
    const named = new Set<bigint>();
    for (const { hashes } of countsOf(await ask({ index, of }))) {
      if (hashes !== null) for (const hashed of hashesIn(hashes)) named.add(hashed);
    }
    users += named.size;
  }
  return { sockets, users };
}

/** The hashes of the users in `share`. */
export function namedUsers(users: Iterable<string>, share: UserShare): Uint8Array {
  const hashes: bigint[] = [];
  for (const user of users) {
    const hashed = hashOf(user);
    if (hashed % BigInt(share.of) === BigInt(share.index)) hashes.push(hashed);
  }
  return new Uint8Array(BigUint64Array.from(hashes).buffer);
}

function countsOf(answers: readonly Answer[]): CountAnswer[] {
  return answers.filter((answer): answer is CountAnswer => answer.kind === 'count');
}

function hashesIn(bytes: Uint8Array): BigUint64Array {
  // Bytes off a bus need not start at a multiple of eight. Copied by hand, because a Buffer's slice() copies nothing.
  return new BigUint64Array(new Uint8Array(bytes).buffer);
}

/** 64 bits of SHA-256: among a million users two share one in about one of 40 million cases. */
function hashOf(user: string): bigint {
  return hash('sha256', user, 'buffer').readBigUInt64LE();
}
