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
    guards: Partial<Record<Guard, boolean | (() => boolean)>>,
    delays: Record<Delay, number | (() => number)>,
  ) {
    this.tables = compile(definition);
    type Provided = Implementations<Effects, Guard, Delay>;
    const implementations: Provided = {
      effects: Object.fromEntries(
        definition.effects.map((name) => [name, (_: number, params: unknown) => this.note(name, params)]),
      ) as Provided['effects'],
      guards: Object.fromEntries(
        definition.guards.map((name) => {
          const answer: boolean | (() => boolean) = guards[name] ?? false;
          return [name, typeof answer === 'boolean' ? () => answer : answer];
        }),
      ) as Provided['guards'],
      delays: Object.fromEntries(
        definition.delays.map((name) => {
          const value: number | (() => number) = delays[name];
          return [name, typeof value === 'number' ? () => value : value];
        }),
      ) as Provided['delays'],
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
