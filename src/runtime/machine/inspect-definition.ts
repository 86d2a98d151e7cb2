import type { AnyStateMachine, AnyStateNode } from 'xstate';
import { HoldfastError } from '../errors/holdfast-error.ts';

/** A delayed transition's timer: one per named delay and state. */
export interface TimerDefinition {
  /** Event XState raises when it is over: `xstate.after.<delay>.<state id>`. */
  readonly event: string;
  readonly delay: string;
  /** Path of the state that owns it, joined by dots. */
  readonly owner: string;
}

/**
 * Reads a machine's state nodes and refuses whatever integer tables cannot say: data in the machine, actors,
 * functions instead of names, delays without a name, wildcards, history.
 */
export function timersOf(machine: AnyStateMachine): TimerDefinition[] {
  const context: unknown = machine.config.context;
  if (context !== undefined && (typeof context !== 'object' || Object.keys(context as object).length > 0)) {
    throw unrepresentable(machine.root, 'keeps context; data belongs in the row');
  }
  const timers: TimerDefinition[] = [];
  visit(machine.root, timers);
  return timers;
}

/** Paths of the states in which a machine can come to rest: leaves that do not lead on by themselves. */
export function restingPaths(node: AnyStateNode): string[] {
  const children = Object.values(node.states);
  if (children.length > 0) return children.flatMap((child) => restingPaths(child));
  return (node.always ?? []).length > 0 ? [] : [pathOf(node)];
}

/** Name of a state for people: region and state names from the outside in, without the machine's own. */
export function pathOf(node: AnyStateNode): string {
  return node.path.join('.');
}

function visit(node: AnyStateNode, timers: TimerDefinition[]): void {
  if (node.invoke.length > 0) throw unrepresentable(node, 'invokes an actor');
  if (node.type === 'history') throw unrepresentable(node, 'is a history state');
  for (const action of [...node.entry, ...node.exit]) checkAction(node, action);
  for (const [event, transitions] of node.transitions) {
    if (event.includes('*')) throw unrepresentable(node, `has the wildcard event "${event}"`);
    for (const transition of transitions) checkTransition(node, transition);
  }
  for (const transition of node.always ?? []) checkTransition(node, transition);
  checkTransition(node, node.initial);
  for (const { delay, eventType } of node.after) {
    if (typeof delay !== 'string') throw unrepresentable(node, `has the unnamed delay ${String(delay)}`);
    if (timers.some((timer) => timer.event === eventType)) continue;
    timers.push({ event: eventType, delay, owner: pathOf(node) });
  }
  for (const child of Object.values(node.states)) visit(child, timers);
}

function checkTransition(
  node: AnyStateNode,
  transition: { readonly actions?: readonly unknown[]; readonly guard?: unknown } | undefined,
): void {
  for (const action of transition?.actions ?? []) checkAction(node, action);
  const guard = transition?.guard;
  if (guard === undefined || typeof guard === 'string') return;
  if (typeof guard === 'function') throw unrepresentable(node, 'has a guard that is a function, not a name');
  if ((guard as { readonly params?: unknown }).params !== undefined) {
    throw unrepresentable(node, 'has a guard with parameters');
  }
}

function checkAction(node: AnyStateNode, action: unknown): void {
  if (typeof action === 'string') return;
  if (typeof action === 'function') {
    // `xstate.raise` and `xstate.cancel` are what `after` becomes.
    const type = (action as { readonly type?: unknown }).type;
    if (type === 'xstate.raise' || type === 'xstate.cancel') return;
    throw unrepresentable(
      node,
      typeof type === 'string' ? `uses ${type}` : 'has an action that is a function, not a name',
    );
  }
  if (typeof (action as { readonly params?: unknown }).params === 'function') {
    throw unrepresentable(node, 'has an action whose parameters are a function, not constants');
  }
}

function unrepresentable(node: AnyStateNode, what: string): HoldfastError {
  return new HoldfastError('internal', `machine "${node.machine.id}": state "${node.id}" ${what}`);
}
