import type { DependencyCondition } from '../runtime/ports/readiness.ts';
import { SAID_EVERY, type WorkerReport, type WorkerTally } from './worker-tally.ts';

/** The way from a worker to the process that runs all workers, and what it says of the others. */
export class WorkerLink {
  private readonly worker: number;
  private tally: WorkerTally | null = null;
  private timer: NodeJS.Timeout | null = null;

  constructor(worker: number) {
    this.worker = worker;
  }

  /** @param orphaned that process is gone: nobody would restart this one, or pass signals on to it */
  open(isReady: () => boolean, orphaned: () => void): void {
    process.on('message', (tally: WorkerTally) => {
      this.tally = tally;
    });
    process.once('disconnect', orphaned);
    // Neither keeps a process alive that has nothing else to do.
    process.channel?.unref();
    this.timer = setInterval(() => {
      // Told to nobody when that process has just ended.
      if (process.connected)
        process.send?.({ isReady: isReady() } satisfies WorkerReport, undefined, undefined, () => {});
    }, SAID_EVERY).unref();
  }

  close(): void {
    if (this.timer !== null) clearInterval(this.timer);
  }

  /** For `/readyz`: of the first worker only, because a probe asks one port. */
  conditions(): Readonly<Record<string, DependencyCondition>> {
    if (this.worker !== 1) return {};
    const { tally } = this;
    if (tally === null) return { workers: { ok: false, detail: 'not counted yet' } };
    return { workers: { ok: tally.ready === tally.of, detail: `${tally.ready} of ${tally.of} ready` } };
  }
}
