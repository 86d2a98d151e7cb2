import ELK from 'elkjs/lib/elk.bundled.js';
import { describe, expect, it } from 'vitest';
import { chartParts, stayingArrows } from '../../inspector/src/chart/arrow-groups.ts';
import { type Box, type LayoutChoice, layOut } from '../../inspector/src/chart/lay-out.ts';
import { nearestState } from '../../inspector/src/chart/nearest-state.ts';
import { activePaths, statesOf } from '../../inspector/src/chart/state-tree.ts';
import { connectionMachine } from '../../src/machines/connection.ts';
import { nodeMachine } from '../../src/machines/node.ts';
import { socketMachine } from '../../src/machines/socket.ts';
import { chartOf } from '../../src/runtime/inspect/machine-chart.ts';
import { connectionTables, socketTables } from '../../src/runtime/machine/compiled-once.ts';

const CONNECTION = chartOf(connectionMachine, {});
const CHARTS = [CONNECTION, chartOf(socketMachine, {}), chartOf(nodeMachine, {})];
const CHOICES: readonly LayoutChoice[] = [
  { outer: 'DOWN', inner: 'RIGHT' },
  { outer: 'RIGHT', inner: 'RIGHT' },
];
const elk = new (ELK as unknown as typeof ELK.default)();
const measure = (text: string): number => text.length * 6;

function inside(inner: Box, outer: Box): boolean {
  return (
    inner.x >= outer.x - 1 &&
    inner.y >= outer.y - 1 &&
    inner.x + inner.width <= outer.x + outer.width + 1 &&
    inner.y + inner.height <= outer.y + outer.height + 1
  );
}

function overlap(one: Box, other: Box): boolean {
  return (
    one.x < other.x + other.width - 1 &&
    other.x < one.x + one.width - 1 &&
    one.y < other.y + other.height - 1 &&
    other.y < one.y + one.height - 1
  );
}

describe.each(CHARTS.map((chart) => [chart.id, chart] as const))(
  'what is laid out of the %s machine',
  (_, chart) => {
    it('has each arrow of the definition once: on a line, or inside the state that it does not leave', () => {
      const drawn = chartParts(chart).flatMap(({ groups }) =>
        groups.flatMap(({ arrows }) => arrows.map(({ arrow }) => arrow.id)),
      );
      const inside = [...stayingArrows(chart).values()].flat().map(({ id }) => id);
      expect([...drawn, ...inside].sort()).toEqual(chart.arrows.map(({ id }) => id).sort());
    });

    it.each(CHOICES)(
      'nests boxes as states are nested, beside each other where they are (%o)',
      async (choice) => {
        const { boxes } = await layOut(elk, chart, choice, measure);
        const visit = (nodes: typeof chart.root.states, outer: Box | null): void => {
          for (const [i, node] of nodes.entries()) {
            const box = boxes.get(node.path)!;
            if (outer !== null) expect(inside(box, outer), node.path).toBe(true);
            for (const other of nodes.slice(i + 1)) {
              expect(overlap(box, boxes.get(other.path)!), `${node.path} and ${other.path}`).toBe(false);
            }
            visit(node.states, box);
          }
        };
        visit(chart.root.states, null);
      },
    );

    it('begins and ends every line at the border of its states', async () => {
      const { boxes, arrows } = await layOut(elk, chart, CHOICES[0]!, measure);
      const touches = ({ x, y }: { x: number; y: number }, box: Box): boolean =>
        inside({ x, y, width: 0, height: 0 }, box);
      for (const { group, points } of arrows) {
        if (group === null) continue;
        expect(touches(points[0]!, boxes.get(group.source)!), `start of ${group.id}`).toBe(true);
        expect(touches(points.at(-1)!, boxes.get(group.target)!), `end of ${group.id}`).toBe(true);
      }
    });

    it('can be walked through with the arrow keys from any state to any other', async () => {
      const { boxes } = await layOut(elk, chart, CHOICES[0]!, measure);
      const paths = statesOf(chart).map(({ path }) => path);
      const reached = new Set([paths[0]!]);
      for (const path of reached) {
        for (const key of ['ArrowUp', 'ArrowDown', 'ArrowLeft', 'ArrowRight'] as const) {
          const next = nearestState(boxes, path, key);
          if (next !== null) reached.add(next);
        }
      }
      expect(paths.filter((path) => !reached.has(path))).toEqual([]);
    });
  },
);

it('draws the regions of a parallel state one above the other and as wide as it', async () => {
  const { boxes } = await layOut(elk, CONNECTION, CHOICES[0]!, measure);
  const open = boxes.get('open')!;
  const regions = ['transport', 'heartbeat', 'membership'].map((name) => boxes.get(`open.${name}`)!);
  for (const region of regions) expect([region.x, region.width]).toEqual([open.x, open.width]);
  expect(regions[1]!.y).toBe(regions[0]!.y + regions[0]!.height);
  expect(regions[2]!.y).toBe(regions[1]!.y + regions[1]!.height);
});

it.each([
  [CONNECTION, connectionTables()],
  [CHARTS[1]!, socketTables()],
] as const)('reads from the name of each configuration which states are active', (chart, tables) => {
  for (const [i, name] of tables.states.entries()) {
    if (i === 0) continue;
    expect([...activePaths(chart, name)].sort(), name).toEqual([...tables.activePaths[i]!].sort());
  }
  expect(activePaths(chart, 'nowhere')).toEqual([]);
});
