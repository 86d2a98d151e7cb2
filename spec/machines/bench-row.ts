import type { MachineDefinition } from '../../src/machines/definition.ts';
import { compile } from '../../src/runtime/machine/compile.ts';
import type { CompiledMachine } from '../../src/runtime/machine/compiled-machine.ts';
import { type Implementations, MachineRunner } from '../../src/runtime/machine/machine-runner.ts';
import { TimingWheel } from '../../src/runtime/machine/timing-wheel.ts';
import { SimulatedClock } from '../../src/runtime/time/simulated-clock.ts';

/** One row of a compiled machine in virtual time, with everything it asks for written down. */
export class BenchRow<Event extends string, Effects, Guard extends string, Delay extends string> {
  readonly clock = new SimulatedClock();
  readonly tables: CompiledMachine<Event, Effects, Guard, Delay>;
  readonly runner: MachineRunner<Event, Effects, Guard, Delay>;
  /** Effects since the last look, as `name` or `name: parameter values`. */
  private effects: string[] = [];

  constructor(
    definition: MachineDefinition<Event, Effects, Guard, Delay>,
    guards: { readonly [Name in Guard]?: boolean | (() => boolean) },
    delays: { readonly [Name in Delay]: number | (() => number) },
  ) {
    this.tables = compile(definition);
    const implementations: Implementations<Effects, Guard, Delay> = {
      effects: Object.fromEntries(
        definition.effects.map((name) => [name, (_: number, params: unknown) => this.note(name, params)]),
      ) as Implementations<Effects, Guard, Delay>['effects'],
      guards: byName(definition.guards, (name): (() => boolean) => {
        const answer: boolean | (() => boolean) = guards[name] ?? false;
        return typeof answer === 'boolean' ? () => answer : answer;
      }),
      delays: byName(definition.delays, (name): (() => number) => {
        const value: number | (() => number) = delays[name];
        return typeof value === 'number' ? () => value : value;
      }),
    };
    this.runner = new MachineRunner(this.tables, implementations, {
      wheel: new TimingWheel(this.clock),
      onFault: (_, error) => {
        throw error;
      },
    });
    this.runner.start(0);
  }

  send(...events: readonly Event[]): this {
    for (const event of events) this.runner.send(0, this.tables.event[event]);
    return this;
  }

  after(ms: number): this {
    this.clock.advance(ms);
    return this;
  }

  get state(): string {
    return this.runner.stateName(0);
  }

  /** What was asked for since the last look. */
  asked(): string[] {
    return this.effects.splice(0);
  }

  private note(name: string, params: unknown): void {
    this.effects.push(
      params === undefined
        ? name
        : `${name}: ${Object.values(params as object)
            .map(String)
            .join(', ')}`,
    );
  }
}

function byName<Name extends string, Value>(
  names: readonly Name[],
  make: (name: Name) => Value,
): { [N in Name]: Value } {
  return Object.fromEntries(names.map((name) => [name, make(name)])) as { [N in Name]: Value };
}
