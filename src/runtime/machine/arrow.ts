import type { AnyStateMachine, AnyStateNode, AnyTransitionDefinition } from 'xstate';
import { pathOf, timersOf } from './inspect-definition.ts';

/** One transition of a definition: what a chart draws as an arrow. */
export interface Arrow {
  /** `<source path>|<event>|<index among the source's transitions for this event>`. */
  readonly id: string;
  /** As declared; timers as `<delay>@<state path>`; empty for a transition that is taken without an event. */
  readonly event: string;
  readonly transition: AnyTransitionDefinition;
}

/** All transitions of a machine in document order, initial ones left out: those are part of entering a state. */
export function arrowsOf(machine: AnyStateMachine): Arrow[] {
  const timers = new Map(timersOf(machine).map(({ event, delay, owner }) => [event, `${delay}@${owner}`]));
  return nodesOf(machine).flatMap((node) => {
    const groups: [string, readonly AnyTransitionDefinition[]][] = [['', node.always ?? []]];
    for (const [event, transitions] of node.transitions)
      groups.push([timers.get(event) ?? event, transitions]);
    return groups.flatMap(([event, transitions]) =>
      transitions.map((transition, i) => ({ id: `${pathOf(node)}|${event}|${i}`, event, transition })),
    );
  });
}

/** All states of a machine in document order, its root first. */
export function nodesOf(machine: AnyStateMachine): AnyStateNode[] {
  const within = (node: AnyStateNode): AnyStateNode[] => [
    node,
    ...Object.values(node.states).flatMap((child) => within(child)),
  ];
  return within(machine.root);
}
