import { describe, expect, it } from 'vitest';
import { MemoryPresence } from '../../src/adapters/memory/presence.ts';
import { Dispatcher } from '../../src/runtime/delivery/dispatcher.ts';
import { HoldfastError } from '../../src/runtime/errors/holdfast-error.ts';
import { SimulatedClock } from '../../src/runtime/time/simulated-clock.ts';
import { emitCommand } from '../gateway/world.ts';

/** A push to a room with members on nodes 1 and 2, of which those in `away` do not take it. */
function push(away: readonly number[]): Promise<void> {
  const presence = new MemoryPresence();
  for (const node of [1, 2]) {
    presence.add({ socket: `1${node}`, user: '', node, seen: 0 });
    presence.join(`1${node}`, ['r']);
  }
  const dispatcher = new Dispatcher({
    presence,
    mailbox: {
      post: async (node) => {
        if (away.includes(node)) throw new HoldfastError('unavailable', `node ${node} is away`);
      },
      open: () => expect.unreachable(),
    },
    clock: new SimulatedClock(),
    node: 9,
    answerTimeout: 5_000,
  });
  return Promise.resolve(dispatcher.emit(emitCommand({ rooms: ['r'] }, 'news', [])));
}

describe('a push to sockets of two nodes', () => {
  it('is done when both have taken it', () => expect(push([])).resolves.toBeUndefined());

  it('was not done when none has taken it', () =>
    expect(push([1, 2])).rejects.toMatchObject({ code: 'unavailable' }));

  it.each([1, 2])('may have been done when node %i alone has not taken it', (node) =>
    expect(push([node])).rejects.toMatchObject({
      code: 'deadline_exceeded',
      message: `only some of the nodes have taken it: node ${node} is away`,
    }),
  );
});
