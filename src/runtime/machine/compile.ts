import type { AnyStateMachine } from 'xstate';
import type { MachineDefinition } from '../../machines/definition.ts';
import { HoldfastError } from '../errors/holdfast-error.ts';
import type { CompiledMachine, CompiledTimer } from './compiled-machine.ts';
import { assignEntrySlots } from './entry-slots.ts';
import {
  type Decision,
  type Exploration,
  type ExploredStep,
  explore,
  isNothing,
  type Outcome,
} from './explore.ts';
import { restingPaths, type TimerDefinition, timersOf } from './inspect-definition.ts';
import { assignLanes } from './lanes.ts';

const ABSENT = 'absent';
const START = 'start';

/**
 * Compiles a machine into integer tables by asking XState what it does (see `explore`).
 *
 * Throws `HoldfastError('internal')` on anything tables cannot say (context, actors, functions, unnamed delays,
 * wildcards, history), on names that are used but not declared, on declared names that nothing uses, and on
 * states that nothing reaches.
 */
export function compile<Event extends string, Effects, Guard extends string, Delay extends string>(
  definition: MachineDefinition<Event, Effects, Guard, Delay>,
): CompiledMachine<Event, Effects, Guard, Delay> {
  const { machine, events, effects, guards, delays } = definition;
  const timers = timersOf(machine);
  const exploration = explore(machine, events, guards, delays, timers);
  const slots = assignEntrySlots(exploration);
  const tables = new TableWriter(definition, exploration, timers, slots);
  tables.write();
  checkNames(definition, exploration, timers);
  const lanes = assignLanes(exploration, timers);
  return {
    id: machine.id,
    states: [ABSENT, ...exploration.states.map(({ name }) => name)],
    activePaths: [[], ...exploration.states.map(({ activePaths }) => activePaths)],
    final: Uint8Array.from([0, ...exploration.states.map(({ final }) => Number(final))]),
    events: tables.events,
    event: Object.fromEntries(events.map((name, code) => [name, code])) as { [Name in Event]: number },
    effects,
    guards,
    delays,
    timers: timers.map(
      (timer, i): CompiledTimer => ({
        name: `${timer.delay}@${timer.owner}`,
        delay: delays.indexOf(timer.delay as Delay),
        lane: lanes[i]!,
      }),
    ),
    lanes: Math.max(0, ...lanes.map((lane) => lane + 1)),
    params: tables.params,
    reactions: tables.reactions,
    decisions: Int32Array.from(tables.decisions),
    nextState: Uint16Array.from(tables.nextState),
    stepFrom: Uint32Array.from(tables.stepFrom),
    stepCode: Uint16Array.from(tables.stepCode),
    stepParam: Uint16Array.from(tables.stepParam),
    arrows: exploration.arrows,
    arrowFrom: Uint32Array.from(tables.arrowFrom),
    arrowCode: Uint16Array.from(tables.arrowCode),
    entrySlot: slots,
    entrySlots: Math.max(...slots.values()) + 1,
    stampFrom: Uint32Array.from(tables.stampFrom),
    stampSlot: Uint8Array.from(tables.stampSlot),
  };
}

interface DeclaredNames {
  readonly machine: AnyStateMachine;
  readonly events: readonly string[];
  readonly effects: readonly string[];
  readonly guards: readonly string[];
  readonly delays: readonly string[];
}

/** Writes an exploration down as numbers. Equal transitions, taken by the same arrows, are written once. */
class TableWriter {
  readonly events: readonly string[];
  readonly reactions: Int32Array;
  /** Triple 0 and transition 0 are never used: 0 means "nothing". */
  readonly decisions: number[] = [0, 0, 0];
  readonly nextState: number[] = [0];
  readonly stepFrom: number[] = [0, 0];
  readonly stepCode: number[] = [];
  readonly stepParam: number[] = [];
  readonly params: unknown[] = [undefined];
  readonly arrowFrom: number[] = [0, 0];
  readonly arrowCode: number[] = [];
  readonly stampFrom: number[] = [0, 0];
  readonly stampSlot: number[] = [];
  private readonly exploration: Exploration;
  private readonly effects: readonly string[];
  private readonly guards: readonly string[];
  private readonly timers: readonly TimerDefinition[];
  private readonly stateCodes: ReadonlyMap<string, number>;
  private readonly transitionCodes = new Map<string, number>();
  private readonly paramCodes = new Map<string, number>();
  private readonly machine: string;
  private readonly slots: ReadonlyMap<string, number>;

  constructor(
    definition: DeclaredNames,
    exploration: Exploration,
    timers: readonly TimerDefinition[],
    slots: ReadonlyMap<string, number>,
  ) {
    this.slots = slots;
    this.machine = definition.machine.id;
    this.exploration = exploration;
    this.effects = definition.effects;
    this.guards = definition.guards;
    this.timers = timers;
    this.events = [...definition.events, ...timers.map(({ event }) => event), START];
    this.stateCodes = new Map(exploration.states.map(({ name }, i) => [name, i + 1]));
    this.reactions = new Int32Array((exploration.states.length + 1) * this.events.length);
  }

  write(): void {
    const width = this.events.length;
    this.reactions[width - 1] = this.reaction(this.exploration.start, ABSENT);
    this.exploration.states.forEach((state, i) => {
      for (const [event, decision] of state.reactions) {
        const column = this.events.indexOf(event);
        this.reactions[(i + 1) * width + column] = this.reaction(decision, state.name);
      }
    });
  }

  private reaction(decision: Decision, from: string): number {
    if (!('guard' in decision)) return this.transition(decision, from);
    const ifTrue = this.reaction(decision.ifTrue, from);
    const ifFalse = this.reaction(decision.ifFalse, from);
    if (ifTrue === ifFalse) return ifTrue;
    const node = this.decisions.length / 3;
    this.decisions.push(this.guards.indexOf(decision.guard), ifTrue, ifFalse);
    return -node;
  }

  private transition(outcome: Outcome, from: string): number {
    if (isNothing(outcome, from)) return 0;
    const steps = outcome.steps.map((step): [number, number] => [this.code(step), this.param(step)]);
    const { arrows } = outcome.route;
    const stamps = this.stamps(outcome);
    const key = JSON.stringify([outcome.state, steps, arrows, stamps]);
    const known = this.transitionCodes.get(key);
    if (known !== undefined) return known;
    const transition = this.nextState.push(this.stateCodes.get(outcome.state)!) - 1;
    for (const [code, param] of steps) {
      this.stepCode.push(code);
      this.stepParam.push(param);
    }
    this.stepFrom.push(this.stepCode.length);
    this.arrowCode.push(...arrows);
    this.arrowFrom.push(this.arrowCode.length);
    this.stampSlot.push(...stamps);
    this.stampFrom.push(this.stampSlot.length);
    this.transitionCodes.set(key, transition);
    return transition;
  }

  /** Slots of the states that were entered and are active in the end. */
  private stamps({ state, route }: Outcome): number[] {
    const { activePaths } = this.exploration.states[this.stateCodes.get(state)! - 1]!;
    const slots = route.entered
      .filter((path) => activePaths.includes(path))
      .map((path) => this.slots.get(path)!);
    return [...new Set(slots)].sort((a, b) => a - b);
  }

  private code(step: ExploredStep): number {
    if (step.kind === 'effect') {
      const code = this.effects.indexOf(step.name);
      if (code < 0) throw undeclared(this.machine, 'effect', step.name);
      return code;
    }
    const timer = this.timers.findIndex(({ event }) => event === step.timer);
    return this.effects.length + (step.kind === 'arm' ? 0 : this.timers.length) + timer;
  }

  private param(step: ExploredStep): number {
    if (step.kind !== 'effect' || step.params === undefined) return 0;
    const key = JSON.stringify(step.params);
    const known = this.paramCodes.get(key);
    if (known !== undefined) return known;
    const code = this.params.push(Object.freeze(step.params)) - 1;
    this.paramCodes.set(key, code);
    return code;
  }
}

function checkNames(
  definition: DeclaredNames,
  exploration: Exploration,
  timers: readonly TimerDefinition[],
): void {
  const { machine } = definition;
  const used = { event: new Set<string>(), effect: new Set<string>(), guard: new Set<string>() };
  const note = (decision: Decision): void => {
    if ('guard' in decision) {
      used.guard.add(decision.guard);
      note(decision.ifTrue);
      note(decision.ifFalse);
      return;
    }
    for (const step of decision.steps) if (step.kind === 'effect') used.effect.add(step.name);
  };
  note(exploration.start);
  for (const { reactions } of exploration.states) {
    for (const [event, decision] of reactions) {
      used.event.add(event);
      note(decision);
    }
  }
  for (const { delay } of timers) {
    if (!definition.delays.includes(delay)) throw undeclared(machine.id, 'delay', delay);
  }
  for (const event of machine.events) {
    if (!event.startsWith('xstate.') && !definition.events.includes(event)) {
      throw undeclared(machine.id, 'event', event);
    }
  }
  const unused = [
    ...definition.events.filter((name) => !used.event.has(name)),
    ...definition.effects.filter((name) => !used.effect.has(name)),
    ...definition.guards.filter((name) => !used.guard.has(name)),
    ...definition.delays.filter((name) => !timers.some(({ delay }) => delay === name)),
  ];
  if (unused.length > 0) {
    throw new HoldfastError('internal', `machine "${machine.id}": nothing uses ${unused.join(', ')}`);
  }
  const reached = new Set(exploration.states.flatMap(({ activePaths }) => activePaths));
  const islands = restingPaths(machine.root).filter((path) => path !== '' && !reached.has(path));
  if (islands.length > 0) {
    throw new HoldfastError('internal', `machine "${machine.id}": nothing reaches ${islands.join(', ')}`);
  }
}

function undeclared(machine: string, kind: string, name: string): HoldfastError {
  return new HoldfastError('internal', `machine "${machine}": ${kind} "${name}" is not declared`);
}
