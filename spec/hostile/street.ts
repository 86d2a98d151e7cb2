import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type RunningNode, type Settings, startNode } from '../support/node.ts';
import { Neighbour } from './neighbour.ts';

/** Attacks keep the machine busy; a neighbour that answers late for that is not what the rows are about. */
const PATIENCE: Settings = { 'engine.pingTimeout': '1500ms' };

type Row = (
  id: string,
  sentence: string,
  attack: (node: RunningNode) => Promise<void>,
  timeout?: number,
) => void;

/**
 * A node with a neighbour on it. Each row attacks; afterwards the neighbour must not have lost a message, the
 * node must be healthy and must not have met an exception that nobody caught.
 */
export function street(chapter: string, settings: Settings, rows: (row: Row) => void): void {
  describe(chapter, () => {
    let node: RunningNode;
    let neighbour: Neighbour;

    beforeAll(async () => {
      node = await startNode({ ...PATIENCE, ...settings });
      neighbour = await Neighbour.move(node.clientsUrl);
    });

    afterAll(async () => {
      try {
        await neighbour?.leave();
      } finally {
        await node?.close();
      }
    });

    rows((id, sentence, attack, timeout) => {
      it(
        `${id}: ${sentence}`,
        async () => {
          // One row that drove the neighbour away must not fail the rows after it.
          if (neighbour.isGone) neighbour = await Neighbour.move(node.clientsUrl);
          await attack(node);
          await neighbour.provesUnharmed();
          await expectHealthy(node);
        },
        timeout,
      );
    });
  });
}

async function expectHealthy(node: RunningNode): Promise<void> {
  expect(node.process.isRunning).toBe(true);
  expect((await fetch(`${node.adminUrl}/healthz`)).status).toBe(200);
  expect(node.process.output).not.toMatch(/uncaught|unhandled/i);
  expect(await node.metric('holdfast_disconnects_total', { reason: 'internal error' })).toBe(0);
}
