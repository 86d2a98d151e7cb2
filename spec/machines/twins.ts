import { type Actor, type AnyStateMachine, type AnyTransitionDefinition, createActor } from 'xstate';
import type { MachineDefinition } from '../../src/machines/definition.ts';
import { arrowsOf, nodesOf } from '../../src/runtime/machine/arrow.ts';
import { compile } from '../../src/runtime/machine/compile.ts';
import type { CompiledMachine } from '../../src/runtime/machine/compiled-machine.ts';
import { configurationName } from '../../src/runtime/machine/explore.ts';
import { MachineRunner } from '../../src/runtime/machine/machine-runner.ts';
import { TimingWheel } from '../../src/runtime/machine/timing-wheel.ts';
import { SimulatedClock } from '../../src/runtime/time/simulated-clock.ts';
import type { Coverage } from './coverage.ts';
import type { Answers } from './paths.ts';

/** An event that an effect causes while it runs, once. */
export interface Reply {
  readonly effect: string;
  readonly event: string;
}

export type EffectTypes = Record<string, unknown>;
export type AnyDefinition = MachineDefinition<string, EffectTypes, string, string>;
export type AnyCompiled = CompiledMachine<string, EffectTypes, string, string>;

/** Events that count as a sign of life; the row notes when. */
const BEATS = ['PACKET_RECEIVED', 'PING_RECEIVED', 'PONG_RECEIVED'];
/** Longer than any delay below but shorter than most of them together. All times are multiples of the wheel's tick. */
const SILENCE = 3000;

/** The row as a runtime would have it: what guards and delays read and effects write. */
class ModelRow {
  answers: Answers = {};
  asked: [guard: string, answer: boolean][] = [];
  armings = 0;
  beats = 0;
  lastSeen = 0;
  log: string[] = [];
  private replies: Reply[];
  private readonly now: () => number;
  private readonly send: (event: string) => void;

  constructor(replies: readonly Reply[], now: () => number, send: (event: string) => void) {
    this.replies = [...replies];
    this.now = now;
    this.send = send;
  }

  guard(name: string): boolean {
    const answer = this.answers[name] === true;
    this.asked.push([name, answer]);
    return answer;
  }

  /** Milliseconds; all different, some depending on what effects did before. */
  delay(name: string, names: readonly string[]): number {
    this.armings++;
    if (name === 'silence') return Math.max(10, SILENCE - (this.now() - this.lastSeen));
    const base = 400 + 170 * names.indexOf(name);
    return name === 'pingInterval' ? base + 250 * Math.min(this.beats, 3) : base;
  }

  effect(name: string, params: unknown): void {
    this.log.push(`${this.now()} ${name} ${JSON.stringify(params)}`);
    if (name === 'countBeat') this.beats++;
    if (name === 'dropInterval') this.beats = 0;
    const reply = this.replies.findIndex(({ effect }) => effect === name);
    if (reply >= 0) this.send(this.replies.splice(reply, 1)[0]!.event);
  }

  beat(event: string): void {
    if (BEATS.includes(event)) this.lastSeen = this.now();
  }

  projection(): object {
    return { armings: this.armings, beats: this.beats, lastSeen: this.lastSeen };
  }
}

/** Everything that has to be the same on both sides after every step. */
interface Face {
  readonly state: string;
  readonly ended: boolean;
  readonly row: object;
  readonly effects: readonly string[];
  readonly timers: readonly string[];
  readonly armed: number;
  /** Ids of the arrows taken since the step before, in order, those that do nothing left out. */
  readonly arrows: readonly string[];
  /** How long each active state has been so, ms by path. */
  readonly dwells: readonly string[];
}

/**
 * One machine run three times, by XState's own interpreter and by the compiled tables, watched and not, each with its
 * own virtual time and row. After every step all must show the same face, else `Mismatch` is thrown.
 */
export class Twins {
  readonly definition: AnyDefinition;
  readonly compiled: AnyCompiled;
  private readonly coverage: Coverage | null;
  private readonly interpreted: Interpreted;
  private readonly tables: Tables;
  private readonly watched: Tables;

  /** `compiled` may be a table other than the definition's own, to see that it is found out. */
  constructor(definition: AnyDefinition, compiled: AnyCompiled, coverage: Coverage | null = null) {
    this.definition = definition;
    this.compiled = compiled;
    this.coverage = coverage;
    this.interpreted = new Interpreted(definition);
    this.tables = new Tables(compiled, coverage, false);
    this.watched = new Tables(compiled, coverage, true);
  }

  start(answers: Answers, replies: readonly Reply[] = []): void {
    this.interpreted.reset(answers, replies);
    this.interpreted.start();
    for (const tables of [this.tables, this.watched]) {
      tables.reset(answers, replies);
      tables.start();
    }
    this.compare(`start ${JSON.stringify(answers)}`);
  }

  /** Tells all that `event` happened, be it declared or a timer's. */
  send(event: string, answers: Answers): void {
    this.interpreted.send(event, answers);
    this.tables.send(event, answers);
    this.watched.send(event, answers);
    this.compare(`${event} ${JSON.stringify(answers)}`);
  }

  advance(ms: number, answers: Answers): void {
    this.interpreted.advance(ms, answers);
    this.tables.advance(ms, answers);
    this.watched.advance(ms, answers);
    this.compare(`${ms} ms ${JSON.stringify(answers)}`);
  }

  get ended(): boolean {
    return this.interpreted.face().ended;
  }

  private compare(step: string): void {
    const expected = this.interpreted.face();
    const watched = this.watched.face();
    const { state, ...unwatched } = this.tables.face();
    // A row that has come to its end does not say where, and one that nobody watches not by which arrows.
    const actual = {
      state: unwatched.ended ? watched.state : state,
      ...unwatched,
      arrows: watched.arrows,
    };
    for (const face of [watched, actual]) {
      if (JSON.stringify(expected) !== JSON.stringify(face)) throw new Mismatch(step, expected, face);
    }
    this.coverage?.visit(expected.state);
    this.interpreted.arrows = [];
    this.tables.arrows = [];
    this.watched.arrows = [];
    for (const [guard, answer] of this.interpreted.takeAsked()) this.coverage?.ask(guard, answer);
  }
}

export class Mismatch extends Error {
  override readonly name = 'Mismatch';

  constructor(step: string, expected: Face, actual: Face) {
    super(
      `after ${step}\nXState: ${JSON.stringify(expected, null, 1)}\ntables: ${JSON.stringify(actual, null, 1)}`,
    );
  }
}

/** The side that XState runs. */
class Interpreted {
  private readonly machine: AnyStateMachine;
  private clock = new SimulatedClock();
  private row = new ModelRow(
    [],
    () => 0,
    () => {},
  );
  private actor: Actor<AnyStateMachine>;
  /** When each scheduled event was armed, in virtual time. */
  private armedAt = new WeakMap<object, number>();
  private readonly ids: ReadonlyMap<AnyTransitionDefinition, string>;
  arrows: string[] = [];
  private readonly enteredAt = new Map<string, number>();

  constructor(definition: AnyDefinition) {
    const { effects, guards, delays } = definition;
    this.machine = definition.machine.provide({
      actions: {
        ...Object.fromEntries(
          effects.map((name) => [name, (_: unknown, params: unknown) => this.row.effect(name, params)]),
        ),
        noteEntry: (_: unknown, params: unknown) => {
          this.enteredAt.set(String(params), this.clock.now());
        },
      },
      guards: Object.fromEntries(guards.map((name) => [name, () => this.row.guard(name)])),
      delays: Object.fromEntries(delays.map((name) => [name, () => this.row.delay(name, delays)])),
    });
    for (const node of nodesOf(this.machine)) {
      node.entry = [{ type: 'noteEntry', params: node.path.join('.') }, ...node.entry];
    }
    this.ids = new Map(arrowsOf(this.machine).map(({ id, transition }) => [transition, id]));
    this.actor = createActor(this.machine);
  }

  reset(answers: Answers, replies: readonly Reply[]): void {
    this.actor.stop();
    const clock = new SimulatedClock();
    this.clock = clock;
    this.row = new ModelRow(
      replies,
      () => clock.now(),
      (type) => this.actor.send({ type }),
    );
    this.row.answers = answers;
  }

  start(): void {
    const clock = this.clock;
    this.arrows = [];
    this.actor = createActor(this.machine, {
      inspect: (inspected) => {
        if (inspected.type === '@xstate.microstep') this.note(inspected._transitions);
      },
      clock: {
        setTimeout: (callback, ms) => {
          for (const scheduled of this.scheduled()) {
            if (!this.armedAt.has(scheduled)) this.armedAt.set(scheduled, clock.now());
          }
          return clock.after(ms, () => callback());
        },
        clearTimeout: (handle) => {
          if (handle !== undefined) clock.cancel(handle);
        },
      },
    });
    this.actor.start();
  }

  send(event: string, answers: Answers): void {
    this.row.answers = answers;
    this.row.beat(event);
    this.actor.send({ type: event });
  }

  advance(ms: number, answers: Answers): void {
    this.row.answers = answers;
    this.clock.advance(ms);
  }

  face(): Face {
    const snapshot = this.actor.getSnapshot();
    const timers = this.scheduled().map((scheduled) => {
      const remaining = this.armedAt.get(scheduled)! + scheduled.delay - this.clock.now();
      return `${scheduled.event.type} in ${remaining}`;
    });
    return {
      state: configurationName(this.machine, snapshot.value),
      ended: snapshot.status === 'done',
      row: this.row.projection(),
      effects: this.row.log,
      timers: timers.sort(),
      armed: timers.length,
      arrows: this.arrows,
      dwells: snapshot._nodes
        .map((node) => node.path.join('.'))
        .filter((path) => path !== '' && snapshot.status !== 'done')
        .map((path) => `${path} ${this.clock.now() - this.enteredAt.get(path)!}`)
        .sort(),
    };
  }

  private note(transitions: readonly AnyTransitionDefinition[]): void {
    for (const transition of transitions) {
      const doesNothing = transition.target === undefined && transition.actions.length === 0;
      const id = this.ids.get(transition);
      // The initial transition is no arrow.
      if (id !== undefined && !doesNothing) this.arrows.push(id);
    }
  }

  takeAsked(): [string, boolean][] {
    return this.row.asked.splice(0);
  }

  private scheduled(): ScheduledEvent[] {
    const { _scheduledEvents: scheduled } = this.actor.system.getSnapshot();
    return Object.values(scheduled as Record<string, ScheduledEvent>);
  }
}

interface ScheduledEvent {
  readonly event: { readonly type: string };
  readonly delay: number;
}

/** The side that the compiled tables run. */
class Tables {
  private readonly compiled: AnyCompiled;
  private readonly runner: MachineRunner<string, EffectTypes, string, string>;
  private readonly wheel: TimingWheel;
  private readonly clock = new SimulatedClock();
  private row: ModelRow;
  /** The clock and the wheel live on; each run has its own time from here. */
  private origin = 0;
  private state = '';
  arrows: string[] = [];

  constructor(compiled: AnyCompiled, coverage: Coverage | null, isWatched: boolean) {
    this.compiled = compiled;
    this.wheel = new TimingWheel(this.clock);
    // It stands still while nothing is armed, and lengths of stay with it.
    this.wheel.arm(
      this.wheel.register(() => {}),
      0,
      0,
      1e12,
    );
    this.row = this.newRow([]);
    const { effects, guards, delays } = compiled;
    this.runner = new MachineRunner(
      compiled,
      {
        effects: Object.fromEntries(
          effects.map((name) => [name, (_: number, params: unknown) => this.row.effect(name, params)]),
        ),
        guards: Object.fromEntries(guards.map((name) => [name, () => this.row.guard(name)])),
        delays: Object.fromEntries(delays.map((name) => [name, () => this.row.delay(name, delays)])),
      },
      {
        wheel: this.wheel,
        capacity: 1,
        onFault: (_, error) => {
          throw error;
        },
      },
    );
    if (!isWatched) return;
    this.runner.observer = {
      watches: () => true,
      stepped: (_, { event, from, transition }) => {
        if (transition !== 0) {
          this.state = compiled.states[compiled.nextState[transition]!]!;
          const { arrows, arrowFrom, arrowCode } = compiled;
          for (let at = arrowFrom[transition]!; at < arrowFrom[transition + 1]!; at++) {
            this.arrows.push(arrows[arrowCode[at]!]!);
          }
          coverage?.take(from, event, transition);
        }
        return () => {};
      },
    };
  }

  reset(answers: Answers, replies: readonly Reply[]): void {
    this.runner.stop(0);
    // Whatever a faulty table has left armed would fire into the next run.
    this.clock.advance(100_000);
    this.runner.stop(0);
    this.origin = this.clock.now();
    this.row = this.newRow(replies);
    this.row.answers = answers;
    this.arrows = [];
  }

  start(): void {
    this.runner.start(0);
  }

  send(event: string, answers: Answers): void {
    this.row.answers = answers;
    this.row.beat(event);
    this.runner.send(0, this.compiled.events.indexOf(event));
  }

  advance(ms: number, answers: Answers): void {
    this.row.answers = answers;
    this.clock.advance(ms);
  }

  face(): Face {
    const { events, timers, activePaths, entrySlot } = this.compiled;
    const typeOf = (name: string): string =>
      events[events.length - 1 - timers.length + timers.findIndex((timer) => timer.name === name)]!;
    return {
      state: this.runner.observer === null ? this.runner.stateName(0) : this.state,
      ended: this.runner.state(0) === 0,
      row: this.row.projection(),
      effects: this.row.log,
      timers: this.runner
        .timers(0)
        .map(({ name, remaining }) => `${typeOf(name)} in ${remaining}`)
        .sort(),
      armed: this.wheel.armed - 1,
      arrows: this.arrows,
      dwells: activePaths[this.runner.state(0)]!.map(
        (path) => `${path} ${this.runner.dwell(0, entrySlot.get(path)!)}`,
      ).sort(),
    };
  }

  private newRow(replies: readonly Reply[]): ModelRow {
    return new ModelRow(
      replies,
      () => this.clock.now() - this.origin,
      (event) => this.runner.send(0, this.compiled.events.indexOf(event)),
    );
  }
}

/** A definition without the types of its effects, for tests that treat all machines alike. */
export function untyped<Event extends string, Effects, Guard extends string, Delay extends string>(
  definition: MachineDefinition<Event, Effects, Guard, Delay>,
): AnyDefinition {
  return { ...definition, effects: definition.effects };
}

export function compileUntyped(definition: AnyDefinition): AnyCompiled {
  return compile(definition);
}
