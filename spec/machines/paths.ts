import { type AnyMachineSnapshot, type AnyStateMachine, initialTransition, transition } from 'xstate';
import { getShortestPaths, getSimplePaths } from 'xstate/graph';
import { CONNECTION } from '../../src/machines/connection.ts';
import type { MachineDefinition } from '../../src/machines/definition.ts';
import {
  configurationName,
  type Decision,
  type Exploration,
  explore,
} from '../../src/runtime/machine/explore.ts';
import { type TimerDefinition, timersOf } from '../../src/runtime/machine/inspect-definition.ts';

/** What the guards say during one step. Those not named say no. */
export type Answers = Readonly<Record<string, boolean>>;

export interface PathEffect {
  readonly name: string;
  readonly params: unknown;
}

export interface PathStep {
  /** A declared event, or XState's name of a timer (`xstate.after.pingTimeout.connection.open.heartbeat.unanswered`). */
  readonly event: string;
  /** The named delay when the event is a timer's, else null. */
  readonly delay: string | null;
  readonly answers: Answers;
  /** The configuration that the step leads to, as the compiled tables name it. */
  readonly state: string;
  readonly effects: readonly PathEffect[];
}

/** A way through a machine. The first step is `start`: the handshake, with the answers of the initial guards. */
export interface Path {
  readonly steps: readonly PathStep[];
  /** Where it ends. */
  readonly state: string;
}

export const START = 'start';

interface AnsweredEvent {
  readonly type: string;
  readonly answers?: Answers;
}

/** Which effects a machine has does not matter to its paths. */
type Definition = Pick<
  MachineDefinition<string, Record<string, unknown>, string, string>,
  'machine' | 'events' | 'guards' | 'delays'
>;

/** Finds paths through one machine with `xstate/graph`; what guards say travels with each event. */
export class Pathfinder {
  readonly exploration: Exploration;
  private readonly definition: Definition;
  private readonly timers: readonly TimerDefinition[];
  private readonly machine: AnyStateMachine;
  /** What guards say while no event of ours is being handled, which is at the start. */
  private initial: Answers = {};

  constructor(definition: Definition) {
    this.definition = definition;
    this.timers = timersOf(definition.machine);
    this.exploration = explore(
      definition.machine,
      definition.events,
      definition.guards,
      definition.delays,
      this.timers,
    );
    this.machine = definition.machine.provide({
      guards: Object.fromEntries(
        definition.guards.map((name) => [
          name,
          ({ event }: { event: AnsweredEvent }) => (event.answers ?? this.initial)[name] === true,
        ]),
      ),
      delays: Object.fromEntries(definition.delays.map((name) => [name, 1])),
    });
  }

  /** All sets of answers that make a difference at the start. */
  starts(): Answers[] {
    return answersOf(this.exploration.start);
  }

  /** A shortest path to every configuration that can be reached from the start with these answers. */
  shortest(start: Answers): Path[] {
    this.initial = start;
    const paths = getShortestPaths(this.machine, {
      events: (snapshot: AnyMachineSnapshot) => this.eventsIn(snapshot),
      serializeState: (snapshot: AnyMachineSnapshot) => JSON.stringify([snapshot.value, snapshot.status]),
    });
    return paths.map(({ steps }) =>
      this.walk(
        start,
        steps.map(({ event }) => event as AnsweredEvent),
      ),
    );
  }

  /**
   * Every path that visits no configuration twice, using only the events (and timers, by the name of their delay)
   * that `uses` admits. There are astronomically many without such a limit.
   */
  simple(start: Answers, uses: (event: string) => boolean): Path[] {
    this.initial = start;
    const paths = getSimplePaths(this.machine, {
      events: (snapshot: AnyMachineSnapshot) =>
        this.eventsIn(snapshot).filter(({ type }) => uses(this.delayOf(type) ?? type)),
      serializeState: (snapshot: AnyMachineSnapshot) => JSON.stringify([snapshot.value, snapshot.status]),
    });
    return paths.map(({ steps }) =>
      this.walk(
        start,
        steps.map(({ event }) => event as AnsweredEvent),
      ),
    );
  }

  /** A shortest path to every configuration from any of these starts. */
  toEveryState(starts: readonly Answers[] = this.starts()): Path[] {
    const found = new Map<string, Path>();
    for (const path of starts.flatMap((start) => this.shortest(start))) {
      const known = found.get(path.state);
      if (known === undefined || path.steps.length < known.steps.length) found.set(path.state, path);
    }
    return [...found.values()];
  }

  /** For every configuration, event and set of answers that makes a difference: a shortest path there and that step. */
  overEveryTransition(starts: readonly Answers[] = this.starts()): Path[] {
    const beginnings = starts.map((start) => this.walk(start, []));
    const steps = this.toEveryState(starts).flatMap((path) => {
      const explored = this.exploration.states.find(({ name }) => name === path.state)!;
      if (explored.final) return [];
      const start = path.steps[0]!.answers;
      const before = path.steps.slice(1).map(({ event, answers }) => ({ type: event, answers }));
      return this.eventsOf(path.state).map((event) => this.walk(start, [...before, event]));
    });
    return [...beginnings, ...steps];
  }

  private eventsIn(snapshot: AnyMachineSnapshot): AnsweredEvent[] {
    return snapshot.status === 'done' ? [] : this.eventsOf(configurationName(this.machine, snapshot.value));
  }

  private eventsOf(state: string): AnsweredEvent[] {
    const { reactions, activePaths } = this.exploration.states.find(({ name }) => name === state)!;
    const alive = this.timers.filter(({ owner }) => activePaths.includes(owner)).map(({ event }) => event);
    return [...this.definition.events, ...alive].flatMap((type) => {
      const decision = reactions.get(type);
      return decision === undefined
        ? [{ type, answers: {} }]
        : answersOf(decision).map((answers) => ({ type, answers }));
    });
  }

  private walk(start: Answers, events: readonly AnsweredEvent[]): Path {
    this.initial = start;
    let [snapshot, actions] = initialTransition(this.machine);
    const steps = [this.step({ type: START, answers: start }, snapshot, actions)];
    for (const event of events) {
      if (event.type === 'xstate.init') continue;
      [snapshot, actions] = transition(this.machine, snapshot, event);
      steps.push(this.step(event, snapshot, actions));
    }
    return { steps, state: steps.at(-1)!.state };
  }

  private step(
    event: AnsweredEvent,
    snapshot: AnyMachineSnapshot,
    actions: readonly { readonly type: string; readonly params: unknown }[],
  ): PathStep {
    return {
      event: event.type,
      delay: this.delayOf(event.type),
      answers: event.answers ?? {},
      state: configurationName(this.machine, snapshot.value),
      effects: actions
        .filter(({ type }) => !type.startsWith('xstate.'))
        .map(({ type, params }) => ({ name: type, params })),
    };
  }

  private delayOf(event: string): string | null {
    return this.timers.find((timer) => timer.event === event)?.delay ?? null;
  }
}

function answersOf(decision: Decision): Answers[] {
  if (!('guard' in decision)) return [{}];
  const { guard, ifTrue, ifFalse } = decision;
  return [
    ...answersOf(ifTrue).map((answers) => ({ ...answers, [guard]: true })),
    ...answersOf(ifFalse).map((answers) => ({ ...answers, [guard]: false })),
  ];
}

/**
 * The connection machine's ways, for tests that drive a live server along them: a shortest path over every
 * transition that does something. `flavour` fixes what the guards of the handshake say; paths of other flavours
 * are left out.
 */
export function* connectionPaths(flavour: Answers = {}): Generator<Path> {
  for (const path of new Pathfinder(CONNECTION).overEveryTransition()) {
    const fits = path.steps.every(({ answers }) =>
      Object.entries(flavour).every(([guard, answer]) => (answers[guard] ?? answer) === answer),
    );
    const last = path.steps.at(-1)!;
    const before = path.steps.at(-2);
    const idle = before !== undefined && before.state === last.state && last.effects.length === 0;
    if (fits && !idle) yield path;
  }
}
