import type { AnyStateMachine } from 'xstate';

/**
 * A machine and the closed sets of names in it. The runtime has to provide a function for every effect, guard
 * and delay; the compiler refuses a machine that uses an undeclared name or leaves a declared one unused.
 *
 * `Effects` maps every effect to the type of its constant parameters, `undefined` where it has none.
 */
export interface MachineDefinition<
  Event extends string,
  Effects,
  Guard extends string,
  Delay extends string,
> {
  readonly machine: AnyStateMachine;
  readonly events: readonly Event[];
  readonly effects: readonly (keyof Effects & string)[];
  readonly guards: readonly Guard[];
  readonly delays: readonly Delay[];
}

/** Event objects as XState wants them, one for every name of a closed list. */
export type EventOf<Names extends string> = { [Name in Names]: { type: Name } }[Names];

/** For `setup({ actions })`: the effects by name and parameters, without implementations. */
export type EffectNames<Effects> = {
  [Name in keyof Effects]: (args: unknown, params: Effects[Name]) => void;
};

/** For `setup({ guards })`: predicates by name, without implementations. */
export type GuardNames<Guard extends string> = { [Name in Guard]: () => boolean };

/** For `setup({ delays })`: delays by name, without values. */
export type DelayNames<Delay extends string> = { [Name in Delay]: number };
