import type { AnyStateMachine, AnyStateNode } from 'xstate';
import { arrowsOf } from '../machine/arrow.ts';
import { pathOf } from '../machine/inspect-definition.ts';
import type { ArrowChart, MachineChart, MachineName, StateChart } from '../ports/census.ts';

/** Lengths of the delays that are the same for every row, ms. */
export type ConstantDelays = Readonly<Partial<Record<string, number>>>;

/** Reads a chart off the definition that the process runs. */
export function chartOf(machine: AnyStateMachine, delays: ConstantDelays): MachineChart {
  return {
    id: machine.id as MachineName,
    ...described(machine.root),
    root: stateChart(machine.root, delays),
    arrows: arrowsOf(machine).map(({ id, event, transition }): ArrowChart => {
      const { source, target, guard, actions, description } = transition;
      return {
        id,
        source: pathOf(source),
        targets: (target ?? []).map(pathOf),
        event,
        ...(guard === undefined ? {} : { guard: nameOf(guard) }),
        actions: namesOf(actions),
        ...described({ description }),
      };
    }),
  };
}

function stateChart(node: AnyStateNode, delays: ConstantDelays): StateChart {
  const armed = [...new Set(node.after.map(({ delay }) => String(delay)))];
  const [first] = node.type === 'compound' ? (node.initial.target ?? []) : [];
  return {
    path: pathOf(node),
    key: node.key,
    // The compiler refuses histories.
    type: node.type as StateChart['type'],
    ...described(node),
    ...(first === undefined ? {} : { initial: pathOf(first) }),
    entry: namesOf(node.entry),
    exit: namesOf(node.exit),
    ...(armed.length === 0 ? {} : { limit: armed.map((delay) => ({ delay, ms: delays[delay] ?? null })) }),
    states: Object.values(node.states).map((child) => stateChart(child, delays)),
  };
}

/** Names of effects; what `after` arms and cancels is no effect. */
function namesOf(actions: readonly unknown[]): string[] {
  return actions.filter((action) => typeof action !== 'function').map(nameOf);
}

function nameOf(named: unknown): string {
  return typeof named === 'string' ? named : String((named as { readonly type?: unknown }).type);
}

function described({ description }: { readonly description?: string | undefined }): { description?: string } {
  return description === undefined ? {} : { description };
}
