import type { AnyCompiled } from './twins.ts';

/** Which states, transitions and answers of guards the comparison has been through. */
export class Coverage {
  private readonly compiled: AnyCompiled;
  private readonly states = new Set<string>();
  private readonly transitions = new Set<string>();
  private readonly answers = new Set<string>();

  constructor(compiled: AnyCompiled) {
    this.compiled = compiled;
  }

  visit(state: string): void {
    this.states.add(state);
  }

  take(from: number, event: number, transition: number): void {
    this.transitions.add(`${from} ${event} ${transition}`);
  }

  ask(guard: string, answer: boolean): void {
    this.answers.add(`${guard} ${answer}`);
  }

  report(): CoverageReport {
    const { states, guards } = this.compiled;
    return {
      machine: this.compiled.id,
      states: share(states.slice(1), this.states),
      transitions: share(this.allTransitions(), this.transitions),
      guards: share(
        guards.flatMap((guard) => [`${guard} true`, `${guard} false`]),
        this.answers,
      ),
    };
  }

  /** Every transition that each event may lead to in each state, whatever the guards say. */
  private allTransitions(): string[] {
    const { states, events, reactions, decisions } = this.compiled;
    const leaves = (reaction: number): number[] =>
      reaction >= 0 ? [reaction] : [1, 2].flatMap((branch) => leaves(decisions[-3 * reaction + branch]!));
    return states.flatMap((_, state) =>
      events.flatMap((__, event) =>
        leaves(reactions[state * events.length + event]!)
          .filter((transition) => transition !== 0)
          .map((transition) => `${state} ${event} ${transition}`),
      ),
    );
  }
}

export interface Share {
  readonly of: number;
  readonly covered: number;
  readonly missing: readonly string[];
}

export interface CoverageReport {
  readonly machine: string;
  readonly states: Share;
  readonly transitions: Share;
  readonly guards: Share;
}

function share(all: readonly string[], seen: ReadonlySet<string>): Share {
  const missing = all.filter((item) => !seen.has(item));
  return { of: all.length, covered: all.length - missing.length, missing };
}
