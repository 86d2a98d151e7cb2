import type { ELK, ElkEdgeSection, ElkNode } from 'elkjs/lib/elk-api.js';
import type { MachineChart, StateChart } from '../../../src/runtime/ports/census.ts';
import { type ArrowGroup, type ChartPart, chartParts } from './arrow-groups.ts';
import { type Direction, LayoutInput, type Measure, type Size } from './layout-input.ts';
import { statesOf } from './state-tree.ts';

export interface Box extends Size {
  readonly x: number;
  readonly y: number;
}

export interface PlacedArrow {
  /** Null for the line from the dot to the initial state. */
  readonly group: ArrowGroup | null;
  readonly id: string;
  readonly points: readonly { readonly x: number; readonly y: number }[];
  readonly label: Box | null;
}

export interface ChartLayout extends Size {
  /** By path; regions and dots (`<path>>initial`) included. */
  readonly boxes: ReadonlyMap<string, Box>;
  readonly arrows: readonly PlacedArrow[];
}

interface Placed extends Size {
  readonly boxes: Map<string, Box>;
  readonly arrows: PlacedArrow[];
}

export interface LayoutChoice {
  /** Of the machine's own states. */
  readonly outer: Direction;
  /** Of the states in regions, which lie one above the other if it is RIGHT, else side by side. */
  readonly inner: Direction;
}

const EDGE = 2;
const PAD = 12;
const REGION_HEAD = 30;
const REGION_FOOT = 12;

/** Lays a machine out: each region by itself, then the machine with its parallel states as boxes of known size. */
export async function layOut(
  elk: Pick<ELK, 'layout'>,
  machine: MachineChart,
  choice: LayoutChoice,
  measure: Measure,
): Promise<ChartLayout> {
  const parts = chartParts(machine);
  const inner = new LayoutInput(machine, choice.inner, measure);
  const placed = new Map<string, Placed>();
  const sizes = new Map<string, Size>();
  // From the inside out: a parallel state's size must be known where it stands.
  for (const state of statesOf(machine).toReversed()) {
    if (state.type !== 'parallel') continue;
    const regions = await Promise.all(
      state.states.map((region) => place(elk, parts, region, inner, sizes, placed)),
    );
    const joined = joinRegions(state, regions, choice.inner, inner);
    placed.set(state.path, joined);
    sizes.set(state.path, joined);
  }
  const outer = new LayoutInput(machine, choice.outer, measure);
  const whole = await place(elk, parts, machine.root, outer, sizes, placed);
  return { ...whole, width: whole.width + EDGE * 2, height: whole.height + EDGE * 2 };
}

async function place(
  elk: Pick<ELK, 'layout'>,
  parts: readonly ChartPart[],
  container: StateChart,
  input: LayoutInput,
  sizes: ReadonlyMap<string, Size>,
  within: ReadonlyMap<string, Placed>,
): Promise<Placed> {
  const part = parts.find(({ path }) => path === container.path)!;
  const graph = await elk.layout(input.graph(part, container, sizes));
  const result: Placed = { width: graph.width!, height: graph.height!, boxes: new Map(), arrows: [] };
  const origins = new Map<string, { x: number; y: number }>([[graph.id, { x: 0, y: 0 }]]);
  const visit = (node: ElkNode, x: number, y: number): void => {
    for (const child of node.children ?? []) {
      const box = { x: x + child.x!, y: y + child.y!, width: child.width!, height: child.height! };
      result.boxes.set(child.id, box);
      origins.set(child.id, box);
      const regions = within.get(child.id);
      if (regions !== undefined) insert(result, regions, box.x, box.y);
      visit(child, box.x, box.y);
    }
  };
  visit(graph, 0, 0);
  for (const edge of graph.edges ?? []) {
    const origin = origins.get((edge as { container?: string }).container ?? graph.id)!;
    const [label] = edge.labels ?? [];
    result.arrows.push({
      id: edge.id,
      group: part.groups.find(({ id }) => id === edge.id) ?? null,
      points: (edge.sections ?? [])
        .flatMap(pointsOf)
        .map(({ x, y }) => ({ x: x + origin.x, y: y + origin.y })),
      label: label
        ? { x: label.x! + origin.x, y: label.y! + origin.y, width: label.width!, height: label.height! }
        : null,
    });
  }
  return result;
}

function pointsOf({ startPoint, bendPoints = [], endPoint }: ElkEdgeSection) {
  return [startPoint, ...bendPoints, endPoint];
}

/** Regions one above the other, all as wide as the widest; or side by side, all as high as the highest. */
function joinRegions(
  state: StateChart,
  regions: readonly Placed[],
  direction: Direction,
  input: LayoutInput,
): Placed {
  const head = input.headHeight(state);
  const stacked = direction === 'RIGHT';
  const width = Math.max(...regions.map((region) => region.width)) + PAD * 2;
  const height = Math.max(...regions.map((region) => region.height)) + REGION_HEAD + REGION_FOOT;
  const joined: Placed = { width: 0, height: 0, boxes: new Map(), arrows: [] };
  let at = stacked ? head : 0;
  for (const [i, region] of regions.entries()) {
    const box: Box = stacked
      ? { x: 0, y: at, width, height: region.height + REGION_HEAD + REGION_FOOT }
      : { x: at, y: head, width: region.width + PAD * 2, height };
    joined.boxes.set(state.states[i]!.path, box);
    insert(joined, region, box.x + PAD, box.y + REGION_HEAD);
    at += stacked ? box.height : box.width;
  }
  return stacked ? { ...joined, width, height: at } : { ...joined, width: at, height: head + height };
}

function insert(into: Placed, placed: Placed, x: number, y: number): void {
  for (const [path, box] of placed.boxes) into.boxes.set(path, { ...box, x: box.x + x, y: box.y + y });
  for (const arrow of placed.arrows) {
    into.arrows.push({
      ...arrow,
      points: arrow.points.map((point) => ({ x: point.x + x, y: point.y + y })),
      label: arrow.label && { ...arrow.label, x: arrow.label.x + x, y: arrow.label.y + y },
    });
  }
}
