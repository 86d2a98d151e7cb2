import type { ArrowChart, MachineChart, StateChart } from '../../../src/runtime/ports/census.ts';
import { parentPath } from './state-tree.ts';

/**
 * Arrows with the same ends, drawn as one line with a label of several lines. An arrow out of a region of a parallel
 * state begins at the border of that state, and so does one out of a state whose parent leads to the same target;
 * `from` says where it comes from.
 */
export interface ArrowGroup {
  readonly id: string;
  readonly source: string;
  readonly target: string;
  readonly arrows: readonly { readonly arrow: ArrowChart; readonly from: string | null }[];
}

/** States that are laid out together: those of the machine itself (`''`), or those of one region. */
export interface ChartPart {
  readonly path: string;
  readonly groups: readonly ArrowGroup[];
}

/** Every arrow that leads somewhere else, in the innermost part that holds both of its ends. */
export function chartParts(machine: MachineChart): readonly ChartPart[] {
  const regions = regionsOf(machine.root);
  const partOf = (path: string): string => regions.findLast((region) => path.startsWith(`${region}.`)) ?? '';
  const chain = (path: string): string[] => {
    const part = partOf(path);
    return part === '' ? [''] : [part, ...chain(parentPath(part))];
  };
  const lift = (path: string, part: string): string =>
    partOf(path) === part ? path : lift(parentPath(partOf(path)), part);

  const parts = new Map<string, Map<string, ArrowGroup>>(['', ...regions].map((path) => [path, new Map()]));
  for (const arrow of machine.arrows) {
    const [end] = arrow.targets;
    if (end === undefined || end === arrow.source) continue;
    const ends = chain(end);
    const part = chain(arrow.source).find((candidate) => ends.includes(candidate))!;
    const target = lift(end, part);
    const source = outermost(machine, lift(arrow.source, part), target, part);
    const id = `${source}>${target}`;
    const from = source === arrow.source ? null : arrow.source.slice(arrow.source.lastIndexOf('.') + 1);
    const known = parts.get(part)!.get(id)?.arrows ?? [];
    parts.get(part)!.set(id, { id, source, target, arrows: [...known, { arrow, from }] });
  }
  return [...parts].map(([path, groups]) => ({ path, groups: [...groups.values()] }));
}

/** The state furthest out around `source` that has an arrow of its own to the target. */
function outermost(machine: MachineChart, source: string, target: string, part: string): string {
  let found = source;
  for (let at = parentPath(source); at.length > part.length; at = parentPath(at)) {
    if (at === target || target.startsWith(`${at}.`)) break;
    if (machine.arrows.some((arrow) => arrow.source === at && arrow.targets[0] === target)) found = at;
  }
  return found;
}

/** By state: the arrows that leave it as it is, listed inside its box. */
export function stayingArrows(machine: MachineChart): ReadonlyMap<string, readonly ArrowChart[]> {
  const stays = new Map<string, ArrowChart[]>();
  for (const arrow of machine.arrows) {
    const [target] = arrow.targets;
    if (target !== undefined && target !== arrow.source) continue;
    stays.set(arrow.source, [...(stays.get(arrow.source) ?? []), arrow]);
  }
  return stays;
}

/** Outer ones before those inside them. */
function regionsOf(node: StateChart): string[] {
  const own = node.type === 'parallel' ? node.states.map(({ path }) => path) : [];
  return [...own, ...node.states.flatMap(regionsOf)];
}
