import { RepeatedLines } from '../../runtime/log/repeated-lines.ts';
import type { Clock, TimerHandle } from '../../runtime/ports/clock.ts';
import type { Log } from '../../runtime/ports/log.ts';
import type { Span, SpanSink } from '../../runtime/ports/span-sink.ts';

export interface SpanQueueOptions {
  /** Sends a batch; rejects when nobody took it. */
  readonly send: (batch: readonly Span[]) => Promise<void>;
  readonly end: () => Promise<void>;
  readonly clock: Clock;
  readonly log: Log;
  readonly counted: (outcome: SpanOutcome, spans: number) => void;
  readonly onHeldBack?: () => void;
}

export type SpanOutcome = 'exported' | 'dropped';

/** Spans that wait. */
export const MOST_SPANS = 8_192;
const AT_ONCE = 512;
/** How long a span waits for company, ms. */
const PAUSE = 1_000;

/** Spans on their way to a collector: in batches, one at a time; what does not fit is dropped and counted. */
export class SpanQueue implements SpanSink {
  readonly #options: SpanQueueOptions;
  readonly #lines: RepeatedLines;
  #waiting: Span[] = [];
  #sending: Promise<void> | null = null;
  #timer: TimerHandle | null = null;
  #isClosed = false;

  constructor(options: SpanQueueOptions) {
    this.#options = options;
    this.#lines = new RepeatedLines(options.log, options.clock, {
      most: 1,
      window: 60_000,
      onHeldBack: options.onHeldBack,
    });
  }

  add(span: Span): void {
    if (this.#isClosed || this.#waiting.length >= MOST_SPANS) return this.#options.counted('dropped', 1);
    this.#waiting.push(span);
    if (this.#sending !== null) return;
    if (this.#waiting.length >= AT_ONCE) this.#send();
    else this.#timer ??= this.#options.clock.after(PAUSE, () => this.#send());
  }

  async close(deadline: number): Promise<void> {
    this.#isClosed = true;
    const { clock, counted, end } = this.#options;
    let timer: TimerHandle | null = null;
    const late = new Promise<void>((resolve) => {
      timer = clock.after(deadline, resolve);
    });
    const rest = async () => {
      while (this.#waiting.length > 0 || this.#sending !== null) {
        this.#send();
        await this.#sending;
      }
    };
    await Promise.race([rest(), late]);
    // Nobody is kept waiting for a timer that is not needed.
    clock.cancel(timer!);
    counted('dropped', this.#waiting.length);
    this.#waiting = [];
    void end().catch(() => {});
  }

  #send(): void {
    const { clock } = this.#options;
    if (this.#timer !== null) clock.cancel(this.#timer);
    this.#timer = null;
    if (this.#sending !== null || this.#waiting.length === 0) return;
    this.#sending = this.#export(this.#waiting.splice(0, AT_ONCE)).finally(() => {
      this.#sending = null;
      if (this.#isClosed || this.#waiting.length === 0) return;
      if (this.#waiting.length >= AT_ONCE) this.#send();
      else this.#timer = clock.after(PAUSE, () => this.#send());
    });
  }

  async #export(batch: readonly Span[]): Promise<void> {
    const { send, counted } = this.#options;
    try {
      await send(batch);
      counted('exported', batch.length);
    } catch (error) {
      counted('dropped', batch.length);
      this.#lines.warn(
        'not exported',
        { err: error, spans: batch.length },
        'spans were not taken; they are dropped',
      );
    }
  }
}
