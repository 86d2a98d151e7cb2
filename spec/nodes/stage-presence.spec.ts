import { describe, expect, it } from 'vitest';
import { MemoryPresence } from '../../src/adapters/memory/presence.ts';
import { StagePresence } from '../../src/node/stage-presence.ts';
import type { PresenceEntry } from '../../src/runtime/ports/presence.ts';

const SOCKET = '115964116992012345';
const ENTRY: PresenceEntry = { socket: SOCKET, user: 'anna', node: 1, seen: 0 };

/** Presence that takes its time, as one outside of the process does. */
class SlowPresence extends MemoryPresence {
  override add(entry: PresenceEntry): Promise<void> {
    return Promise.resolve(super.add(entry));
  }
}

function stage() {
  const expected: string[] = [];
  let logged = () => {};
  const asked: string[] = [];
  const presence = new StagePresence(
    new SlowPresence(),
    { expect: (socket) => expected.push(socket) },
    (socket) => {
      asked.push(socket);
      return new Promise((resolve) => {
        logged = resolve;
      });
    },
  );
  return { presence, expected, asked, logged: () => logged() };
}

describe('presence of a gateway in a cluster', () => {
  it('has the log wait for whoever comes', () => {
    const { presence, expected } = stage();
    presence.add(ENTRY);
    expect(expected).toEqual([SOCKET]);
  });

  it('tells nobody of those who come while the node rehearses', () => {
    const { presence, expected } = stage();
    presence.isRehearsing = true;
    presence.add(ENTRY);
    presence.remove(SOCKET);
    expect(expected).toEqual([]);
    expect(presence.socketsOfUser('anna')).toEqual([]);
  });

  it('has a socket until its own end is in the log', async () => {
    const { presence, asked, logged } = stage();
    presence.add(ENTRY);
    presence.remove(SOCKET);
    expect(asked).toEqual([SOCKET]);
    await Promise.resolve();
    expect(presence.socketsOfUser('anna')).toEqual([SOCKET]);
    logged();
    await new Promise((resolve) => setImmediate(resolve));
    expect(presence.socketsOfUser('anna')).toEqual([]);
  });
});
