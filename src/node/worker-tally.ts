/** A worker says this often (ms) how it is, and is not counted on any more when it has been silent for so long. */
export const SAID_EVERY = 500;
const SILENT_AFTER = 3_000;

/** What a worker tells the process that runs all of them. */
export interface WorkerReport {
  readonly isReady: boolean;
}

/** What that process tells the first worker, whose admin port stands for all. */
export interface WorkerTally {
  readonly ready: number;
  readonly of: number;
}

/** How many of the workers are ready, by what each has said last. */
export class WorkerReports {
  private readonly count: number;
  private readonly heard = new Map<number, { readonly isReady: boolean; readonly at: number }>();

  constructor(count: number) {
    this.count = count;
  }

  hear(worker: number, { isReady }: WorkerReport, now: number): void {
    this.heard.set(worker, { isReady, at: now });
  }

  forget(worker: number): void {
    this.heard.delete(worker);
  }

  /** One that hangs is not ready, whatever it said before. */
  tally(now: number): WorkerTally {
    const ready = [...this.heard.values()].filter(({ isReady, at }) => isReady && now - at < SILENT_AFTER);
    return { ready: ready.length, of: this.count };
  }
}
