import { HoldfastError } from '../errors/holdfast-error.ts';
import type { Clock, TimerHandle } from '../ports/clock.ts';
import type { Answer, AnswerLetter } from './letter.ts';

/** How long a node may take, ms, before somebody looks out for those that do not answer. */
const LOOK_OUT_AFTER = 1_000;

export interface Terms {
  /** How long nodes may take to answer, ms. */
  readonly timeout: number;
  /** Told who has not answered after a while. With it, time that is up is no failure: there is an answer without them. */
  readonly lookOut?: (silent: readonly number[]) => void;
  /** How long, ms, the bus may take to take the question before that; only then `timeout` begins. */
  readonly posting?: number;
}

/** What has come. */
export interface Gathered {
  readonly answers: readonly Answer[];
  /** Nodes that have not answered. */
  readonly silent: readonly number[];
}

interface Inquiry {
  readonly terms: Terms;
  /** Answers still to come from each node; below zero when one came before it was known to be due. */
  readonly due: Map<number, number>;
  /** Nodes that owe an answer, or gave one too many. */
  unsettled: number;
  opened: boolean;
  readonly answers: Answer[];
  readonly resolve: (gathered: Gathered) => void;
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
   * Opens an inquiry: `asked` is told who is asked, once that is known, `posted` that the bus has taken it, and `fail` that
   * asking failed. Rejects with `deadline_exceeded` when somebody does not answer in time, unless it can do without.
   */
  begin(terms: Terms): {
    correlation: number;
    gathered: Promise<Gathered>;
    asked: (nodes: readonly number[]) => void;
    posted: () => void;
    fail: (error: unknown) => void;
  } {
    const correlation = ++this.last;
    const gathered = new Promise<Gathered>((resolve, reject) => {
      this.open.set(correlation, {
        terms,
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
      gathered,
      asked: (nodes) => this.asked(correlation, nodes),
      posted: () => this.posted(correlation),
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

  private asked(correlation: number, nodes: readonly number[]): void {
    const inquiry = this.open.get(correlation)!;
    inquiry.opened = true;
    for (const node of nodes) expect(inquiry, node, 1);
    if (this.finishIfComplete(correlation, inquiry)) return;
    const { timeout, posting = 0 } = inquiry.terms;
    this.wait(inquiry, timeout + posting, () => this.timeIsUp(correlation, inquiry));
  }

  private posted(correlation: number): void {
    const inquiry = this.open.get(correlation);
    if (inquiry?.terms.lookOut === undefined) return;
    const { timeout, lookOut } = inquiry.terms;
    const timeIsUp = () => this.timeIsUp(correlation, inquiry);
    if (timeout <= LOOK_OUT_AFTER) return this.wait(inquiry, timeout, timeIsUp);
    this.wait(inquiry, LOOK_OUT_AFTER, () => {
      lookOut(silentIn(inquiry));
      this.wait(inquiry, timeout - LOOK_OUT_AFTER, timeIsUp);
    });
  }

  private wait(inquiry: Inquiry, ms: number, then: () => void): void {
    if (inquiry.timer !== null) this.clock.cancel(inquiry.timer);
    inquiry.timer = this.clock.after(ms, then);
  }

  private timeIsUp(correlation: number, inquiry: Inquiry): void {
    this.open.delete(correlation);
    const silent = silentIn(inquiry);
    const { answers, resolve, reject, terms } = inquiry;
    if (terms.lookOut !== undefined) return resolve({ answers, silent });
    reject(
      new HoldfastError(
        'deadline_exceeded',
        `node ${silent.join(', ')} did not answer within ${terms.timeout}ms`,
      ),
    );
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
    inquiry.resolve({ answers: inquiry.answers, silent: [] });
    return true;
  }
}

function silentIn({ due }: Inquiry): readonly number[] {
  return [...due].filter(([, answers]) => answers > 0).map(([node]) => node);
}

function expect(inquiry: Inquiry, node: number, by: number): void {
  const before = inquiry.due.get(node) ?? 0;
  const after = before + by;
  inquiry.due.set(node, after);
  if (before === 0 && after !== 0) inquiry.unsettled++;
  if (before !== 0 && after === 0) inquiry.unsettled--;
}
