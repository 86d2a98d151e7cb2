/** A timer of the machine. `lane` is where a row keeps its handle; timers never armed together share one. */
export interface CompiledTimer {
  /** `<delay>@<state path>`. */
  readonly name: string;
  /** Index into `delays`. */
  readonly delay: number;
  readonly lane: number;
}

/**
 * A machine as integer tables. Everything is an index: into `states`, `events`, `effects`, `guards`, `timers`.
 *
 * `reactions[state * events.length + event]` says what an event does in a state: 0 nothing; above 0 the number of
 * a transition; below 0 a decision: `decisions` holds triples (guard, reaction if true, reaction if false), the
 * one meant starts at 3 × -reaction.
 *
 * Transition `t` leads to `nextState[t]` by the steps from `stepFrom[t]` up to `stepFrom[t + 1]`. A step's code
 * below `effects.length` is an effect with `params[stepParam[…]]`, then come the timers to arm, then to cancel.
 *
 * Transition `t` takes the arrows from `arrowFrom[t]` up to `arrowFrom[t + 1]` of `arrowCode`: those of the definition that
 * the chart draws. In the same way `stampFrom` and `stampSlot` tell which slots of the row note that a state was entered.
 *
 * State 0 is `absent`: a row that holds nothing. The last event is `start`, which only `absent` reacts to.
 */
export interface MachineTables {
  readonly id: string;
  /** Readable configurations, such as `open.polling.calm.alone`. */
  readonly states: readonly string[];
  /** Paths of all state nodes active in each configuration, such as `open.transport.polling`. */
  readonly activePaths: readonly (readonly string[])[];
  /** 1 where the configuration is final. */
  readonly final: Uint8Array;
  /** The declared events, in their declared order, then one per timer, then `start`. */
  readonly events: readonly string[];
  readonly effects: readonly string[];
  readonly guards: readonly string[];
  readonly delays: readonly string[];
  readonly timers: readonly CompiledTimer[];
  readonly lanes: number;
  readonly params: readonly unknown[];
  readonly reactions: Int32Array;
  readonly decisions: Int32Array;
  readonly nextState: Uint16Array;
  readonly stepFrom: Uint32Array;
  readonly stepCode: Uint16Array;
  readonly stepParam: Uint16Array;
  /** Ids of the definition's transitions (`Arrow.id`), in document order. */
  readonly arrows: readonly string[];
  readonly arrowFrom: Uint32Array;
  readonly arrowCode: Uint16Array;
  /** By path of a state: the slot in which a row notes when it entered it. */
  readonly entrySlot: ReadonlyMap<string, number>;
  /** How many slots a row has. */
  readonly entrySlots: number;
  readonly stampFrom: Uint32Array;
  readonly stampSlot: Uint8Array;
}

/** The tables with the closed names of the definition they were compiled from. */
export interface CompiledMachine<Event extends string, Effects, Guard extends string, Delay extends string>
  extends MachineTables {
  /** Code by name of the declared events. */
  readonly event: { readonly [Name in Event]: number };
  readonly effects: readonly (keyof Effects & string)[];
  readonly guards: readonly Guard[];
  readonly delays: readonly Delay[];
}

/** Code of the event that brings a row from `absent` into the machine's initial state. */
export function startEvent(machine: MachineTables): number {
  return machine.events.length - 1;
}

/**
 * 1 for every configuration in which the state at `path` is active: `mask(machine, 'open.transport.websocket')`.
 * Looking a row's state up in it is how the runtime asks "is it in …?". Throws `RangeError` for unknown paths.
 */
export function mask(machine: MachineTables, path: string): Uint8Array {
  const found = Uint8Array.from(machine.activePaths, (paths) => (paths.includes(path) ? 1 : 0));
  if (!found.includes(1)) throw new RangeError(`machine "${machine.id}" has no state "${path}"`);
  return found;
}

/** Whether the event can do anything in this state (a guard may still decide against it). */
export function reacts(machine: MachineTables, state: number, event: number): boolean {
  return machine.reactions[state * machine.events.length + event] !== 0;
}
