import {
  type AnyActor,
  type AnyMachineSnapshot,
  type AnyStateMachine,
  createActor,
  type InspectionEvent,
  type StateValue,
} from 'xstate';
import type { MachineTables } from '../machine/compiled-machine.ts';
import { configurationName } from '../machine/explore.ts';
import type { EventFrame } from './film.ts';
import { eventNameOf } from './step-of.ts';

/** The machine as it is written, and the names in it. */
export interface Mirrorable {
  readonly machine: AnyStateMachine;
  readonly effects: readonly string[];
  readonly guards: readonly string[];
  readonly delays: readonly string[];
}

/** Timers fire when the film says so. */
const STILL = { setTimeout: () => 0, clearTimeout: () => {} };

/**
 * A real XState actor that does what one of our rows did: its guards say what that was told, its actions do nothing.
 */
export class MirroredActor {
  private readonly tables: MachineTables;
  private readonly machine: AnyStateMachine;
  private readonly actor: AnyActor;
  private answers: ReadonlyMap<string, boolean>;

  /**
   * @param begin the state it is in, or the step that brings it into being
   * @param inspect hears what XState says of it
   */
  constructor(
    definition: Mirrorable,
    tables: MachineTables,
    begin: string | EventFrame,
    inspect: (event: InspectionEvent) => void,
  ) {
    const { machine, effects, guards, delays } = definition;
    this.tables = tables;
    this.answers = answersOf(begin);
    this.machine = machine.provide({
      actions: Object.fromEntries(effects.map((name) => [name, () => {}])),
      guards: Object.fromEntries(guards.map((name) => [name, () => this.answers.get(name) === true])),
      delays: Object.fromEntries(delays.map((name) => [name, 1])),
    });
    const snapshot =
      typeof begin === 'string'
        ? this.machine.resolveState({ value: valueFrom(begin, tables), context: {} })
        : undefined;
    this.actor = createActor(this.machine, { snapshot, inspect, clock: STILL } as object);
  }

  get snapshot(): AnyMachineSnapshot {
    return this.actor.getSnapshot() as AnyMachineSnapshot;
  }

  /** Name of its state, as the tables know it. */
  get state(): string {
    return configurationName(this.machine, this.snapshot.value);
  }

  start(): void {
    this.actor.start();
  }

  pass(frame: EventFrame): void {
    this.answers = answersOf(frame);
    const code = this.tables.events.findIndex((_, at) => eventNameOf(this.tables, at) === frame.event);
    if (code >= 0) this.actor.send({ type: this.tables.events[code]! });
  }

  stop(): void {
    this.actor.stop();
  }
}

function answersOf(step: string | EventFrame): ReadonlyMap<string, boolean> {
  return new Map(typeof step === 'string' ? [] : step.guards.map(({ name, answer }) => [name, answer]));
}

/** `open.polling.calm.alone` → `{ open: { transport: 'polling', heartbeat: 'calm', membership: 'alone' } }` */
function valueFrom(state: string, { states, activePaths }: MachineTables): StateValue {
  const paths = activePaths[states.indexOf(state)] ?? [];
  const within = (parent: string): StateValue | undefined => {
    const children = paths.filter((path) => parentOf(path) === parent);
    if (children.length === 0) return undefined;
    const entries = children.map((path) => [path.slice(path.lastIndexOf('.') + 1), within(path)] as const);
    const [only] = entries;
    if (entries.length === 1 && only![1] === undefined) return only![0];
    return Object.fromEntries(entries.map(([key, value]) => [key, value ?? {}]));
  };
  return within('') ?? {};
}

function parentOf(path: string): string {
  return path.includes('.') ? path.slice(0, path.lastIndexOf('.')) : '';
}
