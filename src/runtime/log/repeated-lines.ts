import type { Clock } from '../ports/clock.ts';
import type { Log, Subject } from '../ports/log.ts';

export interface RepeatedLinesOptions {
  /** Lines of one cause written per window. */
  readonly most: number;
  /** Milliseconds. */
  readonly window: number;
  /** Told of every line that is not written. */
  readonly onHeldBack?: (() => void) | undefined;
}

/**
 * Writes the first lines of one cause and holds back the rest of the window, then says how many there were. A
 * broken backend or a flood would otherwise fill the log and slow down the node that is already in trouble.
 *
 * `cause` is a fixed text in the code, never made of client data: there is one entry per cause in memory.
 */
export class RepeatedLines {
  private readonly log: Log;
  private readonly clock: Pick<Clock, 'after'>;
  private readonly options: RepeatedLinesOptions;
  private readonly windows = new Map<string, { written: number; heldBack: number }>();

  constructor(log: Log, clock: Pick<Clock, 'after'>, options: Partial<RepeatedLinesOptions> = {}) {
    this.log = log;
    this.clock = clock;
    this.options = { most: 5, window: 10_000, ...options };
  }

  warn(cause: string, fields: object, message: string, about?: Subject): void {
    if (this.passes(cause)) this.log.warn(fields, message, about);
  }

  error(cause: string, fields: object, message: string, about?: Subject): void {
    if (this.passes(cause)) this.log.error(fields, message, about);
  }

  private passes(cause: string): boolean {
    let window = this.windows.get(cause);
    if (window === undefined) {
      window = { written: 0, heldBack: 0 };
      this.windows.set(cause, window);
      this.clock.after(this.options.window, () => this.close(cause));
    }
    if (window.written < this.options.most) {
      window.written++;
      return true;
    }
    window.heldBack++;
    this.options.onHeldBack?.();
    return false;
  }

  private close(cause: string): void {
    const heldBack = this.windows.get(cause)?.heldBack ?? 0;
    this.windows.delete(cause);
    if (heldBack > 0) {
      this.log.warn({ cause, heldBack, window: this.options.window }, 'Held back repeated lines');
    }
  }
}
