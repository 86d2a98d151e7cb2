import type { InspectedEvent, Inspector } from '../../src/runtime/ports/inspector.ts';
import { DEADLINE } from './deadline.ts';

export interface Taken extends InspectedEvent {
  /** Steps before it that time brought along and that lead the machine nowhere. */
  readonly bystanders: readonly InspectedEvent[];
}

/** Every step that the node says a machine has made, in order. */
export class Tape {
  private readonly steps: InspectedEvent[] = [];
  private taken = 0;
  private wake: () => void = () => undefined;

  constructor(inspector: Inspector, id: string, machine: 'connection' | 'socket' = 'connection') {
    const record = (event: InspectedEvent) => {
      if (event.machine !== machine) return;
      this.steps.push(event);
      this.wake();
    };
    if (inspector.follow(id, record, () => undefined) === null) throw new Error(`${id} cannot be watched`);
  }

  /** Whether a step with this event (or delay) is there and not taken yet. */
  holds(event: string): boolean {
    return this.steps.slice(this.taken).some((step) => nameOf(step) === event);
  }

  /** Drops the steps that time has brought along since the last one taken. */
  forgetBystanders(): void {
    while (this.taken < this.steps.length && isBystander(this.steps[this.taken]!)) this.taken++;
  }

  /** The next step, which must be this event (or delay), or one of these. */
  async next(...events: string[]): Promise<Taken> {
    const event = events.join(' or ');
    const bystanders: InspectedEvent[] = [];
    for (;;) {
      const step = await this.following(event);
      if (events.includes(nameOf(step))) return { ...step, bystanders };
      if (!isBystander(step)) throw new Error(`${event} was due, but the node says ${JSON.stringify(step)}`);
      bystanders.push(step);
    }
  }

  private async following(event: string): Promise<InspectedEvent> {
    const end = Date.now() + DEADLINE;
    while (this.taken === this.steps.length) {
      const left = end - Date.now();
      if (left <= 0) throw new Error(`${event} was due, but the node says nothing after ${this.last()}`);
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, left);
        this.wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    return this.steps[this.taken++]!;
  }

  private last(): string {
    const step = this.steps.at(-1);
    return step === undefined ? 'the start' : `${nameOf(step)} → ${step.to}`;
  }
}

/** Timers are `<delay>@<state>`. */
function nameOf({ event }: InspectedEvent): string {
  return event.split('@')[0]!;
}

function isBystander(step: InspectedEvent): boolean {
  return step.from === step.to && ['noopInterval', 'retry'].includes(nameOf(step));
}
