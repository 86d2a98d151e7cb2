import type { ElkExtendedEdge, ElkNode } from 'elkjs/lib/elk-api.js';
import type { ArrowChart, MachineChart, StateChart } from '../../../src/runtime/ports/census.ts';
import { type ArrowGroup, type ChartPart, stayingArrows } from './arrow-groups.ts';
import { eventLabel } from './event-label.ts';
import { isTransient } from './state-tree.ts';

/** Width in pixels of a text in one of the chart's fonts. */
export type Measure = (text: string, font: ChartFont) => number;
export type ChartFont = 'state' | 'small' | 'event';
export type Direction = 'RIGHT' | 'DOWN';
export interface Size {
  readonly width: number;
  readonly height: number;
}

export const EVENT_LINE = 13;
export const INITIAL = 9;
const PAD = 12;
/** Name, count and times. */
const LEAF_HEIGHT = 42;
const TRANSIENT_HEIGHT = 20;
const HEADER = 34;
/** Room for a count beside the name, for a rate beside an event, for times beside a delay. */
const COUNT = 52;
const RATE = 34;

const OPTIONS = {
  'elk.algorithm': 'layered',
  'elk.hierarchyHandling': 'INCLUDE_CHILDREN',
  'elk.edgeRouting': 'ORTHOGONAL',
  'elk.edgeLabels.inline': 'true',
  'elk.layered.considerModelOrder.strategy': 'NODES_AND_EDGES',
  'elk.layered.nodePlacement.strategy': 'NETWORK_SIMPLEX',
  'elk.layered.nodePlacement.networkSimplex.nodeFlexibility.default': 'PORT_POSITION',
  'elk.layered.spacing.nodeNodeBetweenLayers': '18',
  'elk.layered.spacing.edgeNodeBetweenLayers': '12',
  'elk.layered.spacing.edgeEdgeBetweenLayers': '8',
  'elk.spacing.nodeNode': '14',
  'elk.spacing.edgeNode': '12',
  'elk.spacing.edgeEdge': '9',
  'elk.spacing.labelNode': '6',
};

/** Builds what elkjs lays out: a node for each state of a part, nested as they are, and a line for each pair of ends. */
export class LayoutInput {
  private readonly machine: MachineChart;
  private readonly direction: Direction;
  private readonly measure: Measure;
  private readonly stays: ReadonlyMap<string, readonly ArrowChart[]>;

  constructor(machine: MachineChart, direction: Direction, measure: Measure) {
    this.machine = machine;
    this.direction = direction;
    this.measure = measure;
    this.stays = stayingArrows(machine);
  }

  /** `sizes`: of parallel states, whose regions are laid out before. */
  graph(part: ChartPart, container: StateChart, sizes: ReadonlyMap<string, Size>): ElkNode {
    const edges: ElkExtendedEdge[] = part.groups.map((group) => ({
      id: group.id,
      sources: [group.source],
      targets: [group.target],
      labels: [{ id: `${group.id}:label`, text: group.id, ...this.labelSize(group) }],
    }));
    const nodes = container.states.map((node) => this.node(node, sizes, edges));
    return {
      id: `part:${part.path}`,
      layoutOptions: {
        ...OPTIONS,
        'elk.direction': this.direction,
        'elk.padding': '[top=0,left=0,bottom=0,right=0]',
      },
      children: [...this.initial(container, edges), ...nodes],
      edges,
    };
  }

  /** What stands above the states inside a state: its name, its delays, what it does without leaving. */
  headHeight(node: StateChart): number {
    return HEADER + (node.limit?.length ?? 0) * EVENT_LINE + this.inside(node).length * EVENT_LINE + 4;
  }

  /** The least width of a box that shows its own lines. */
  leastWidth(node: StateChart): number {
    const { measure } = this;
    return Math.ceil(
      Math.max(
        measure(node.key, 'state') + COUNT + 20,
        ...(node.limit ?? []).map(({ delay }) => measure(`${delay} 99.9 s`, 'small') + 34),
        ...this.inside(node).map((arrow) => measure(`↻ ${eventLabel(arrow)}`, 'event') + RATE + 20),
        104,
      ),
    );
  }

  private node(node: StateChart, sizes: ReadonlyMap<string, Size>, edges: ElkExtendedEdge[]): ElkNode {
    const size = sizes.get(node.path);
    if (size !== undefined) return { id: node.path, ...size };
    if (isTransient(this.machine, node.path)) {
      return {
        id: node.path,
        width: Math.ceil(this.measure(node.key, 'small')) + 20,
        height: TRANSIENT_HEIGHT,
      };
    }
    if (node.states.length === 0) {
      const lines = (node.limit?.length ?? 0) + this.inside(node).length;
      return {
        id: node.path,
        width: this.leastWidth(node),
        height: LEAF_HEIGHT + (lines > 0 ? lines * EVENT_LINE + 5 : 0),
      };
    }
    const children = node.states.map((child) => this.node(child, sizes, edges));
    return {
      id: node.path,
      children: [...this.initial(node, edges), ...children],
      layoutOptions: {
        'elk.padding': `[top=${this.headHeight(node)},left=${PAD},bottom=${PAD},right=${PAD}]`,
        'elk.nodeSize.constraints': 'MINIMUM_SIZE',
        'elk.nodeSize.minimum': `(${this.leastWidth(node)}, 60)`,
      },
    };
  }

  /** The dot and the line from it that say where a compound state begins. Adds the line to `edges`. */
  private initial(node: StateChart, edges: ElkExtendedEdge[]): ElkNode[] {
    if (node.type === 'parallel' || node.initial === undefined) return [];
    const id = `${node.path}>initial`;
    edges.push({ id, sources: [id], targets: [node.initial] });
    return [{ id, width: INITIAL, height: INITIAL }];
  }

  private labelSize({ arrows }: ArrowGroup): Size {
    const widths = arrows.map(({ arrow, from }) =>
      this.measure(from === null ? eventLabel(arrow) : `${from} · ${eventLabel(arrow)}`, 'event'),
    );
    return { width: Math.ceil(Math.max(...widths)) + RATE + 8, height: arrows.length * EVENT_LINE + 4 };
  }

  private inside(node: StateChart): readonly ArrowChart[] {
    return this.stays.get(node.path) ?? [];
  }
}
