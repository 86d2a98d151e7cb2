import type { MachineChart, StateChart } from '../../../src/runtime/ports/census.ts';

/** All states below the root, each before its children. */
export function statesOf(machine: MachineChart): readonly StateChart[] {
  const within = (node: StateChart): StateChart[] => [node, ...node.states.flatMap(within)];
  return machine.root.states.flatMap(within);
}

export function parentPath(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf('.')));
}

/** Taken without an event: whoever enters such a state has left it in the same step. */
export function isTransient(machine: MachineChart, path: string): boolean {
  return machine.arrows.some(({ source, event }) => source === path && event === '');
}

/**
 * Paths of the states that are active in a configuration such as `open.polling.calm.alone`, which names the states on
 * the way in and leaves the names of regions out. Empty for one that this machine does not have.
 */
export function activePaths(machine: MachineChart, configuration: string): readonly string[] {
  const keys = configuration.split('.');
  const active: string[] = [];
  let next = 0;
  const enter = (node: StateChart): boolean => {
    if (node.path !== '') active.push(node.path);
    if (node.type === 'parallel') return node.states.every(enter);
    if (node.states.length === 0) return true;
    const child = node.states.find(({ key }) => key === keys[next]);
    next++;
    return child !== undefined && enter(child);
  };
  return enter(machine.root) && next === keys.length ? active : [];
}
