import { type CompiledMachine, startEvent } from './compiled-machine.ts';
import type { ObservedStep, Observer } from './observed-step.ts';
import { NO_EVENT, RecentEvents } from './recent-events.ts';
import { TICK, type TimingWheel } from './timing-wheel.ts';

/** What the runtime provides for a machine; the types make it exhaustive. */
export interface Implementations<Effects, Guard extends string, Delay extends string> {
  readonly effects: { readonly [Name in keyof Effects]: (row: number, params: Effects[Name]) => void };
  readonly guards: { readonly [Name in Guard]: (row: number) => boolean };
  /** Milliseconds, finite. A function that does not take the row says the same for all rows. */
  readonly delays: { readonly [Name in Delay]: (row: number) => number };
}

export interface MachineRunnerOptions {
  readonly wheel: TimingWheel;
  /** Rows to make room for at first. */
  readonly capacity?: number;
  /**
   * An effect, guard or delay of this row threw. The step goes on with its next effect (a guard's step does not
   * take place). Called within the row's step, so what it sends to the row is handled right after it.
   */
  readonly onFault: (row: number, error: unknown) => void;
}

/** How many events of one row its effects may cause in a row before that counts as a fault. */
const CHAIN_LIMIT = 1000;
const UNARMED = 0;

/**
 * Runs one compiled machine for many rows. A row is an integer; its state, timers and last events lie in typed
 * arrays (about 40 bytes a row). Nothing is allocated per event.
 *
 * Events are run to completion as in XState: what effects send to their own row waits until the step is over, what
 * they send to other rows is handled at once. Guards of a step are asked before its effects run.
 * A row that has reached a final state and run its effects is absent again: its timers and waiting events are gone.
 */
export class MachineRunner<Event extends string, Effects, Guard extends string, Delay extends string> {
  readonly machine: CompiledMachine<Event, Effects, Guard, Delay>;
  /** How many rows are in each state. The figure of state 0 (absent) means nothing. */
  readonly population: Int32Array;
  /** Set it to count, by number, the transitions taken; null while nobody asks. */
  taken: Uint32Array | null = null;
  /** Set it to watch; costs one branch per event while null. */
  observer: Observer | null = null;
  /** How often `onFault` itself threw; the row carries on as if it had not. */
  lostFaults = 0;
  private readonly wheel: TimingWheel;
  private readonly owner: number;
  private readonly onFault: (row: number, error: unknown) => void;
  private readonly effects: readonly ((row: number, params: unknown) => void)[];
  private readonly guards: readonly ((row: number) => boolean)[];
  private readonly delays: readonly ((row: number) => number)[];
  private readonly width: number;
  private readonly reactions: Int32Array;
  private readonly decisions: Int32Array;
  private readonly nextState: Uint16Array;
  private readonly stepFrom: Uint32Array;
  private readonly stepCode: Uint16Array;
  private readonly stepParam: Uint16Array;
  private readonly params: readonly unknown[];
  private readonly final: Uint8Array;
  private readonly effectCount: number;
  private readonly cancelBase: number;
  private readonly timerBase: number;
  private readonly timerLane: Uint8Array;
  private readonly timerDelay: Uint8Array;
  private readonly lanes: number;
  private readonly stampFrom: Uint32Array;
  private readonly stampSlot: Uint8Array;
  private readonly slots: number;
  /** The wheel's tick at which each row last entered the state of each slot. */
  private entered: Uint32Array;
  private states: Uint16Array;
  private busy: Uint8Array;
  /** Wheel handle by row and lane, UNARMED where there is none. */
  private handles: Int32Array;
  private readonly recent: RecentEvents;
  /** Mailbox of the rows that are in a step: pairs of row and event, oldest first. */
  private readonly waiting: number[] = [];

  constructor(
    machine: CompiledMachine<Event, Effects, Guard, Delay>,
    implementations: Implementations<Effects, Guard, Delay>,
    options: MachineRunnerOptions,
  ) {
    if (machine.events.length >= NO_EVENT) throw new RangeError('a machine has at most 254 events');
    this.machine = machine;
    this.wheel = options.wheel;
    this.owner = options.wheel.register((row, timer) => this.expire(row, timer));
    this.onFault = options.onFault;
    this.effects = machine.effects.map(
      (name) => implementations.effects[name] as (row: number, params: unknown) => void,
    );
    this.guards = machine.guards.map((name) => implementations.guards[name]);
    this.delays = machine.delays.map((name) => implementations.delays[name]);
    this.width = machine.events.length;
    this.reactions = machine.reactions;
    this.decisions = machine.decisions;
    this.nextState = machine.nextState;
    this.stepFrom = machine.stepFrom;
    this.stepCode = machine.stepCode;
    this.stepParam = machine.stepParam;
    this.params = machine.params;
    this.final = machine.final;
    this.effectCount = machine.effects.length;
    this.cancelBase = machine.effects.length + machine.timers.length;
    this.timerBase = machine.events.length - 1 - machine.timers.length;
    this.timerLane = Uint8Array.from(machine.timers, ({ lane }) => lane);
    this.timerDelay = Uint8Array.from(machine.timers, ({ delay }) => delay);
    this.lanes = machine.lanes;
    this.stampFrom = machine.stampFrom;
    this.stampSlot = machine.stampSlot;
    this.slots = machine.entrySlots;
    this.population = new Int32Array(machine.states.length);
    const capacity = options.capacity ?? 1024;
    this.states = new Uint16Array(capacity);
    this.busy = new Uint8Array(capacity);
    this.handles = new Int32Array(capacity * this.lanes);
    this.entered = new Uint32Array(capacity * this.slots);
    this.recent = new RecentEvents(capacity);
  }

  /** Brings an absent row into the machine's initial state. Throws `RangeError` when the row is taken. */
  start(row: number): void {
    if (row >= this.states.length) this.ensure(row + 1);
    if (this.states[row] !== 0 || this.busy[row] !== 0) throw new RangeError(`row ${row} is taken`);
    this.recent.forget(row);
    this.run(row, startEvent(this.machine));
  }

  /** Whether this machine has such a state and such timers. */
  knows(state: string, timers: readonly { name: string }[]): boolean {
    const { states, timers: known } = this.machine;
    return (
      states.indexOf(state) > 0 && timers.every(({ name }) => known.some((timer) => timer.name === name))
    );
  }

  /**
   * Brings an absent row into a state it had elsewhere: `state` and timers as `stateName` and `timers` said it there.
   * No effect runs, and all states count as entered now. False, and nothing is done, when this machine knows no such state or timer.
   */
  restore(row: number, state: string, timers: readonly { name: string; remaining: number }[]): boolean {
    if (row >= this.states.length) this.ensure(row + 1);
    if (this.states[row] !== 0 || this.busy[row] !== 0) throw new RangeError(`row ${row} is taken`);
    const code = this.machine.states.indexOf(state);
    const codes = timers.map(({ name }) => this.machine.timers.findIndex((timer) => timer.name === name));
    if (code <= 0 || codes.includes(-1)) return false;
    this.recent.forget(row);
    this.states[row] = code;
    this.population[code]!++;
    this.entered.fill(this.wheel.ticks, row * this.slots, (row + 1) * this.slots);
    for (const [index, timer] of codes.entries()) {
      const at = row * this.lanes + this.timerLane[timer]!;
      this.handles[at] = this.wheel.arm(this.owner, row, timer, timers[index]!.remaining);
    }
    return true;
  }

  /** Tells the row what happened; `event` is a code of `machine.event`. Absent rows take no notice. */
  send(row: number, event: number): void {
    if (this.busy[row] !== 0) {
      this.waiting.push(row, event);
      return;
    }
    this.run(row, event);
  }

  /** Makes the row absent at once, without effects: timers cancelled, waiting events and a running step cut off. */
  stop(row: number): void {
    const state = this.states[row]!;
    if (state === 0) return;
    this.population[state]!--;
    this.states[row] = 0;
    for (let at = row * this.lanes; at < (row + 1) * this.lanes; at++) {
      const handle = this.handles[at]!;
      if (handle !== UNARMED) {
        this.handles[at] = UNARMED;
        this.wheel.cancel(handle);
      }
    }
    this.dropWaiting(row);
  }

  /** Code of the row's state; 0 is absent. Within effects it is the state that the step leads to. */
  state(row: number): number {
    return this.states[row]!;
  }

  /** Name of the row's state, such as `open.websocket.calm.joined`. */
  stateName(row: number): string {
    return this.machine.states[this.states[row]!]!;
  }

  /**
   * How long ago the row entered the state of a slot (`machine.entrySlot`), in ms on the wheel's scale: own pauses do not
   * count. A tick (10 ms) is the finest it tells. Means something only while such a state is active.
   */
  dwell(row: number, slot: number): number {
    return ((this.wheel.ticks - this.entered[row * this.slots + slot]!) >>> 0) * TICK;
  }

  /** Whether the row's state is in a set made by `mask`. */
  within(row: number, set: Uint8Array): boolean {
    return set[this.states[row]!] === 1;
  }

  /** Whether the event can do anything to the row now; hot paths ask before they bother to send. */
  reacts(row: number, event: number): boolean {
    return this.reactions[this.states[row]! * this.width + event] !== 0;
  }

  /** Names of the row's last events, at most 8, oldest first; timers as `<delay>@<state>`. Survives the row's end. */
  history(row: number): string[] {
    return this.recent.of(row).map((code) => this.eventName(code));
  }

  /** Name of an event by its code; timers as `<delay>@<state>`. */
  eventName(code: number): string {
    return this.machine.timers[code - this.timerBase]?.name ?? this.machine.events[code]!;
  }

  /** The row's armed timers: name (`<delay>@<state>`) and milliseconds left. */
  timers(row: number): { name: string; remaining: number }[] {
    return Array.from(this.handles.subarray(row * this.lanes, (row + 1) * this.lanes))
      .filter((handle) => handle !== UNARMED)
      .map((handle) => ({
        name: this.machine.timers[this.wheel.timerOf(handle)]!.name,
        remaining: this.wheel.remaining(handle),
      }));
  }

  /** Lengths of the delays that are the same for all rows, ms. */
  constantDelays(): Partial<Record<Delay, number>> {
    const constant = this.machine.delays.flatMap((name, code): [string, number][] => {
      const delay = this.delays[code]!;
      return delay.length === 0 ? [[name, delay(0)]] : [];
    });
    return Object.fromEntries(constant) as Partial<Record<Delay, number>>;
  }

  /** Whether a timer of the row, by its number in `machine.timers`, is armed. */
  isArmed(row: number, timer: number): boolean {
    const handle = this.handles[row * this.lanes + this.timerLane[timer]!]!;
    return handle !== UNARMED && this.wheel.timerOf(handle) === timer;
  }

  /** Makes room for rows below `rows`. */
  ensure(rows: number): void {
    const size = this.states.length;
    if (rows <= size) return;
    const bigger = Math.max(rows, size * 2);
    const states = new Uint16Array(bigger);
    states.set(this.states);
    this.states = states;
    const busy = new Uint8Array(bigger);
    busy.set(this.busy);
    this.busy = busy;
    const handles = new Int32Array(bigger * this.lanes);
    handles.set(this.handles);
    this.handles = handles;
    const entered = new Uint32Array(bigger * this.slots);
    entered.set(this.entered);
    this.entered = entered;
    this.recent.grow(bigger);
  }

  private expire(row: number, timer: number): void {
    this.handles[row * this.lanes + this.timerLane[timer]!] = UNARMED;
    this.send(row, this.timerBase + timer);
  }

  private run(row: number, event: number): void {
    const from = this.states[row]!;
    const reaction = this.reactions[from * this.width + event]!;
    this.recent.note(row, event);
    if (reaction === 0) {
      if (this.observer !== null) this.observeNothing(row, event, from);
      return;
    }
    this.busy[row] = 1;
    this.step(row, event, from, reaction);
    if (this.waiting.length !== 0) this.drain(row);
    if (this.final[this.states[row]!] === 1) this.stop(row);
    this.busy[row] = 0;
  }

  /** Handles the events that wait for this row; those of other rows belong to steps further out. */
  private drain(row: number): void {
    for (let handled = 1; ; handled++) {
      const at = this.firstWaiting(row);
      if (at < 0) return;
      const event = this.waiting[at + 1]!;
      this.waiting.splice(at, 2);
      if (handled % CHAIN_LIMIT === 0) {
        this.dropWaiting(row);
        // The fault handler gets one chance to end the row in an orderly way.
        if (handled === CHAIN_LIMIT) this.fault(row, new EndlessChain(this.machine.id));
        else this.stop(row);
        continue;
      }
      const from = this.states[row]!;
      const reaction = this.reactions[from * this.width + event]!;
      this.recent.note(row, event);
      if (reaction !== 0) this.step(row, event, from, reaction);
      else if (this.observer !== null) this.observeNothing(row, event, from);
    }
  }

  private dropWaiting(row: number): void {
    for (let i = this.waiting.length - 2; i >= 0; i -= 2) {
      if (this.waiting[i] === row) this.waiting.splice(i, 2);
    }
  }

  private firstWaiting(row: number): number {
    for (let i = 0; i < this.waiting.length; i += 2) if (this.waiting[i] === row) return i;
    return -1;
  }

  private step(row: number, event: number, from: number, reaction: number): void {
    if (this.observer?.watches(row) === true) {
      this.observedStep(row, event, from, reaction, this.observer);
      return;
    }
    let transition = reaction;
    if (transition < 0) {
      try {
        transition = this.decide(row, transition);
      } catch (error) {
        this.fault(row, error);
        return;
      }
      if (transition === 0) return;
    }
    const to = this.nextState[transition]!;
    this.enter(row, from, to, transition);
    let next = this.stepFrom[transition]!;
    const end = this.stepFrom[transition + 1]!;
    // A throw must not keep the rest of the steps from happening: timers have to be armed, rows to be released.
    // The state only changes under a step when the row is stopped.
    while (next < end && this.states[row] === to) {
      try {
        while (next < end && this.states[row] === to) this.perform(row, next++);
      } catch (error) {
        this.fault(row, error);
      }
    }
  }

  private enter(row: number, from: number, to: number, transition: number): void {
    if (to !== from) {
      this.states[row] = to;
      if (from !== 0) this.population[from]!--;
      this.population[to]!++;
    }
    const stamped = this.stampFrom[transition + 1]!;
    for (let stamp = this.stampFrom[transition]!; stamp < stamped; stamp++) {
      this.entered[row * this.slots + this.stampSlot[stamp]!] = this.wheel.ticks;
    }
    if (this.taken !== null) this.taken[transition]!++;
  }

  /** The same as `step`, and everything about it is noted. */
  private observedStep(row: number, event: number, from: number, reaction: number, observer: Observer): void {
    const step: ObservedStep = { event, from, transition: reaction, guards: [], armed: [] };
    try {
      if (reaction < 0) step.transition = this.decideAloud(row, reaction, step.guards);
    } catch (error) {
      this.fault(row, error);
      return;
    }
    const { transition } = step;
    if (transition === 0) {
      observer.stepped(row, step)();
      return;
    }
    const to = this.nextState[transition]!;
    this.enter(row, from, to, transition);
    const done = observer.stepped(row, step);
    let next = this.stepFrom[transition]!;
    const end = this.stepFrom[transition + 1]!;
    while (next < end && this.states[row] === to) {
      try {
        while (next < end && this.states[row] === to) {
          const code = this.stepCode[next]!;
          this.perform(row, next++);
          if (code >= this.effectCount && code < this.cancelBase) {
            step.armed.push(this.remaining(row, code - this.effectCount));
          }
        }
      } catch (error) {
        this.fault(row, error);
      }
    }
    done();
  }

  private observeNothing(row: number, event: number, from: number): void {
    if (!this.observer!.watches(row)) return;
    this.observer!.stepped(row, { event, from, transition: 0, guards: [], armed: [] })();
  }

  private remaining(row: number, timer: number): number {
    return this.wheel.remaining(this.handles[row * this.lanes + this.timerLane[timer]!]!);
  }

  private decideAloud(row: number, reaction: number, asked: ObservedStep['guards']): number {
    const decisions = this.decisions;
    let at = reaction;
    while (at < 0) {
      const triple = -3 * at;
      const guard = decisions[triple]!;
      const answer = this.guards[guard]!(row);
      asked.push({ guard, answer });
      at = answer ? decisions[triple + 1]! : decisions[triple + 2]!;
    }
    return at;
  }

  private decide(row: number, reaction: number): number {
    const decisions = this.decisions;
    let at = reaction;
    while (at < 0) {
      const triple = -3 * at;
      at = this.guards[decisions[triple]!]!(row) ? decisions[triple + 1]! : decisions[triple + 2]!;
    }
    return at;
  }

  private perform(row: number, step: number): void {
    const code = this.stepCode[step]!;
    if (code < this.effectCount) {
      this.effects[code]!(row, this.params[this.stepParam[step]!]);
    } else if (code < this.cancelBase) {
      this.arm(row, code - this.effectCount);
    } else {
      this.disarm(row, code - this.cancelBase);
    }
  }

  private arm(row: number, timer: number): void {
    const ms = this.delays[this.timerDelay[timer]!]!(row);
    this.handles[row * this.lanes + this.timerLane[timer]!] = this.wheel.arm(this.owner, row, timer, ms);
  }

  private disarm(row: number, timer: number): void {
    const at = row * this.lanes + this.timerLane[timer]!;
    const handle = this.handles[at]!;
    if (handle === UNARMED) return;
    this.handles[at] = UNARMED;
    this.wheel.cancel(handle);
  }

  private fault(row: number, error: unknown): void {
    try {
      this.onFault(row, error);
    } catch {
      this.lostFaults++;
    }
  }
}

/** Effects that answer every event with another one would hold the process for ever. */
export class EndlessChain extends Error {
  override readonly name = 'EndlessChain';

  constructor(machine: string) {
    super(`effects of machine "${machine}" caused ${CHAIN_LIMIT} events in a row`);
  }
}
