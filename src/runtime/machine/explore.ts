import { type AnyMachineSnapshot, type AnyStateMachine, createActor, type EventObject } from 'xstate';
import { HoldfastError } from '../errors/holdfast-error.ts';
import { pathOf, type TimerDefinition } from './inspect-definition.ts';
import { type Route, Witness } from './witness.ts';

/** What XState answered for one event and one set of guard outcomes. */
export interface Outcome {
  readonly state: string;
  readonly steps: readonly ExploredStep[];
  readonly route: Route;
}

export type ExploredStep =
  | { readonly kind: 'effect'; readonly name: string; readonly params: unknown }
  | { readonly kind: 'arm' | 'cancel'; readonly timer: string };

/** A tree of guards, asked in XState's order, with outcomes at its leaves. */
export type Decision =
  | Outcome
  | { readonly guard: string; readonly ifTrue: Decision; readonly ifFalse: Decision };

export interface ExploredState {
  readonly name: string;
  readonly activePaths: readonly string[];
  readonly final: boolean;
  /** By event type; events that do nothing whatever the guards say are missing. */
  readonly reactions: Map<string, Decision>;
}

export interface Exploration {
  readonly start: Decision;
  readonly states: readonly ExploredState[];
  /** Ids of the machine's arrows; routes refer to them by index. */
  readonly arrows: readonly string[];
}

/**
 * Asks XState itself what every event does in every configuration that can be reached, for all outcomes of the
 * guards it asks on the way. Nothing about statecharts is implemented here; what comes back is only written down.
 */
export function explore(
  machine: AnyStateMachine,
  events: readonly string[],
  guards: readonly string[],
  delays: readonly string[],
  timers: readonly TimerDefinition[],
): Exploration {
  const oracle = new GuardOracle();
  const provided: AnyStateMachine = machine.provide({
    guards: Object.fromEntries(guards.map((name) => [name, () => oracle.ask(name)])),
    delays: Object.fromEntries(delays.map((name) => [name, 1])),
  });
  const xstate = new PureSteps(provided);
  const { witness } = xstate;
  const found = new Map<string, { state: ExploredState; snapshot: AnyMachineSnapshot }>();
  const pending: { state: ExploredState; snapshot: AnyMachineSnapshot }[] = [];

  function outcome([snapshot, actions]: [AnyMachineSnapshot, readonly ExploredAction[]]): Outcome {
    const name = configurationName(provided, snapshot.value);
    if (!found.has(name)) {
      const state: ExploredState = {
        name,
        activePaths: snapshot._nodes.filter((node) => node.path.length > 0).map(pathOf),
        final: snapshot.status === 'done',
        reactions: new Map(),
      };
      found.set(name, { state, snapshot });
      pending.push({ state, snapshot });
    }
    const steps = actions.map((action) => exploredStep(machine.id, action));
    return { state: name, steps, route: witness.take() };
  }

  const start = decide(oracle, () => outcome(xstate.start()));
  for (let next = pending.shift(); next !== undefined; next = pending.shift()) {
    const { state, snapshot } = next;
    if (state.final) continue;
    const alive = timers.filter(({ owner }) => state.activePaths.includes(owner)).map(({ event }) => event);
    for (const type of [...events, ...alive]) {
      const event: EventObject = { type };
      const decision = decide(oracle, () => outcome(xstate.step(snapshot, event)));
      if (changes(decision, state.name)) state.reactions.set(type, decision);
    }
  }
  return {
    start,
    states: [...found.values()].map(({ state }) => state),
    arrows: witness.arrows.map(({ id }) => id),
  };
}

/**
 * XState's `initialTransition` and `transition`, but with one inert actor for all calls: theirs make one, and
 * with it an initial snapshot, for every single call, which is most of what a call costs.
 */
class PureSteps {
  readonly witness: Witness;
  private readonly machine: AnyStateMachine;
  private readonly scope: Parameters<AnyStateMachine['transition']>[2];
  private actions: ExploredAction[] = [];

  constructor(machine: AnyStateMachine) {
    const self = createActor(machine);
    this.witness = new Witness(machine);
    this.machine = machine;
    this.scope = {
      self,
      id: '',
      sessionId: '',
      system: self.system,
      logger: () => {},
      defer: () => {},
      emit: () => {},
      stopChild: () => {},
      actionExecutor: (action) => {
        if (!this.witness.notes(action)) this.actions.push(action);
      },
    };
  }

  start(): [AnyMachineSnapshot, readonly ExploredAction[]] {
    this.actions = [];
    return [this.machine.getInitialSnapshot(this.scope), this.actions];
  }

  step(snapshot: AnyMachineSnapshot, event: EventObject): [AnyMachineSnapshot, readonly ExploredAction[]] {
    this.actions = [];
    return [this.machine.transition(snapshot, event, this.scope), this.actions];
  }
}

/** Stands in for the guards: answers as told, `false` where nothing was told, and notes who was asked. */
class GuardOracle {
  answers: ReadonlyMap<string, boolean> = new Map();
  asked: string[] = [];

  ask(guard: string): boolean {
    const answer = this.answers.get(guard);
    if (answer !== undefined) return answer;
    if (!this.asked.includes(guard)) this.asked.push(guard);
    return false;
  }
}

function decide(oracle: GuardOracle, run: () => Outcome, answers = new Map<string, boolean>()): Decision {
  oracle.answers = answers;
  oracle.asked = [];
  let decision: Decision = run();
  const asked = oracle.asked;
  for (let i = asked.length - 1; i >= 0; i--) {
    const before = new Map(answers);
    for (let j = 0; j < i; j++) before.set(asked[j]!, false);
    before.set(asked[i]!, true);
    decision = { guard: asked[i]!, ifTrue: decide(oracle, run, before), ifFalse: decision };
  }
  return decision;
}

function changes(decision: Decision, from: string): boolean {
  if ('guard' in decision) return changes(decision.ifTrue, from) || changes(decision.ifFalse, from);
  return !isNothing(decision, from);
}

/** Whether a row in the state `from` stays as it is, and has not even entered it anew. */
export function isNothing({ state, steps, route }: Outcome, from: string): boolean {
  return state === from && steps.length === 0 && route.entered.length === 0;
}

interface ExploredAction {
  readonly type: string;
  readonly params?: unknown;
}

function exploredStep(machine: string, action: ExploredAction): ExploredStep {
  const params = action.params as { readonly id?: string; readonly sendId?: string } | undefined;
  if (action.type === 'xstate.raise' && params?.id !== undefined) return { kind: 'arm', timer: params.id };
  if (action.type === 'xstate.cancel' && params?.sendId !== undefined) {
    return { kind: 'cancel', timer: params.sendId };
  }
  if (action.type.startsWith('xstate.')) {
    throw new HoldfastError('internal', `machine "${machine}": uses ${action.type}, which tables cannot say`);
  }
  return { kind: 'effect', name: action.type, params: action.params };
}

type StateValue = string | { readonly [state: string]: StateValue | undefined };

/**
 * `{ open: { transport: 'polling', heartbeat: { unanswered: 'waiting' } } }` → `open.polling.unanswered.waiting`:
 * the states from the outside in; regions of a parallel state side by side, without their own names.
 */
export function configurationName(machine: AnyStateMachine, value: StateValue): string {
  return nameWithin(machine.root, value).join('.');
}

function nameWithin(node: AnyStateMachine['root'], value: StateValue): string[] {
  if (typeof value === 'string') return [value];
  return Object.entries(value).flatMap(([key, inner]) => {
    const child = node.states[key]!;
    const below = inner === undefined ? [] : nameWithin(child, inner);
    return node.type === 'parallel' ? below : [key, ...below];
  });
}
