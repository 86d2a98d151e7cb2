import { HoldfastError } from '../errors/holdfast-error.ts';
import type { Clock, TimerHandle } from '../ports/clock.ts';
import type { Answer, AnswerLetter } from './letter.ts';

interface Inquiry {
  /** Answers still to come from each node; below zero when one came before it was known to be due. */
  readonly due: Map<number, number>;
  /** Nodes that owe an answer, or gave one too many. */
  unsettled: number;
  opened: boolean;
  readonly answers: Answer[];
  readonly resolve: (answers: Answer[]) => void;
  readonly reject: (error: HoldfastError) => void;
  timer: TimerHandle | null;
}

/** Questions of this node to others, and the answers that have come. */
export class Inquiries {
  private readonly clock: Clock;
  private readonly open = new Map<number, Inquiry>();
  private last = 0;

  constructor(clock: Clock) {
    this.clock = clock;
  }

  /**
   * Opens an inquiry: `nodes` is told who was asked, once that is known, and `fail` that asking failed. Rejects with
   * `deadline_exceeded` when somebody has not answered `timeout` ms after that.
   */
  begin(timeout: number): {
    correlation: number;
    answers: Promise<Answer[]>;
    asked: (nodes: readonly number[]) => void;
    fail: (error: unknown) => void;
  } {
    const correlation = ++this.last;
    const answers = new Promise<Answer[]>((resolve, reject) => {
      this.open.set(correlation, {
        due: new Map(),
        unsettled: 0,
        opened: false,
        answers: [],
        resolve,
        reject,
        timer: null,
      });
    });
    return {
      correlation,
      answers,
      asked: (nodes) => this.asked(correlation, nodes, timeout),
      fail: (error) => this.fail(correlation, error),
    };
  }

  answered({ correlation, from, also, answer }: AnswerLetter): void {
    const inquiry = this.open.get(correlation);
    if (inquiry === undefined) return;
    inquiry.answers.push(answer);
    if (also !== undefined) for (const node of also) expect(inquiry, node, 1);
    expect(inquiry, from, -1);
    this.finishIfComplete(correlation, inquiry);
  }

  private asked(correlation: number, nodes: readonly number[], timeout: number): void {
    const inquiry = this.open.get(correlation)!;
    inquiry.opened = true;
    for (const node of nodes) expect(inquiry, node, 1);
    if (this.finishIfComplete(correlation, inquiry)) return;
    inquiry.timer = this.clock.after(timeout, () => {
      this.open.delete(correlation);
      const silent = [...inquiry.due].filter(([, due]) => due > 0).map(([node]) => node);
      inquiry.reject(
        new HoldfastError(
          'deadline_exceeded',
          `node ${silent.join(', ')} did not answer within ${timeout}ms`,
        ),
      );
    });
  }

  private fail(correlation: number, error: unknown): void {
    const inquiry = this.open.get(correlation);
    if (inquiry === undefined) return;
    this.open.delete(correlation);
    if (inquiry.timer !== null) this.clock.cancel(inquiry.timer);
    inquiry.reject(
      error instanceof HoldfastError
        ? error
        : new HoldfastError('internal', 'internal error', { cause: error }),
    );
  }

  private finishIfComplete(correlation: number, inquiry: Inquiry): boolean {
    if (!inquiry.opened || inquiry.unsettled > 0) return false;
    this.open.delete(correlation);
    if (inquiry.timer !== null) this.clock.cancel(inquiry.timer);
    inquiry.resolve(inquiry.answers);
    return true;
  }
}

function expect(inquiry: Inquiry, node: number, by: number): void {
  const before = inquiry.due.get(node) ?? 0;
  const after = before + by;
  inquiry.due.set(node, after);
  if (before === 0 && after !== 0) inquiry.unsettled++;
  if (before !== 0 && after === 0) inquiry.unsettled--;
}
