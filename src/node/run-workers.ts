import { type ChildProcess, spawn } from 'node:child_process';
import { SAID_EVERY, type WorkerReport, WorkerReports } from './worker-tally.ts';

export interface WorkersOptions {
  readonly count: number;
  /** Arguments of this process, without node and script. */
  readonly argv: readonly string[];
  readonly say: (line: string) => void;
}

/** Tells a worker its place; 1 and up. Not a setting: nobody but `runWorkers` sets it. */
export const WORKER_VARIABLE = '_HOLDFAST_WORKER';

/** A worker that dies is started again after this time, ms; a worker that lives shorter than `EARLY` was never well. */
const RESTART_AFTER = 1_000;
const EARLY = 5_000;

/**
 * Runs `cluster.workers` processes of this program, which share the clients' port (SO_REUSEPORT) and are a node each.
 * Signals go on to them; one that dies is replaced. The first is told how many are ready. Resolves with the exit code
 * when all have stopped: the highest of theirs. A worker that cannot start ends everything, because it would never be
 * able to.
 */
export function runWorkers({ count, argv, say }: WorkersOptions): Promise<number> {
  return new Promise((resolve) => {
    const workers = new Map<number, ChildProcess>();
    const reports = new WorkerReports(count);
    let isStopping = false;
    let worst = 0;
    const start = (index: number) => {
      const began = performance.now();
      const child = spawn(process.execPath, [...process.execArgv, process.argv[1]!, ...argv], {
        stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
        env: { ...process.env, [WORKER_VARIABLE]: String(index) },
      });
      workers.set(index, child);
      child.on('message', (report: WorkerReport) => reports.hear(index, report, performance.now()));
      child.once('exit', (code, signal) => {
        workers.delete(index);
        reports.forget(index);
        const wasNeverWell = performance.now() - began < EARLY && code !== 0 && signal === null;
        if (isStopping || code === 0 || wasNeverWell) {
          worst = Math.max(worst, code ?? 1);
          if (wasNeverWell && !isStopping) stop('SIGTERM');
          if (workers.size === 0) finish();
          return;
        }
        say(`worker ${index} ended with ${signal ?? code}; another takes its place`);
        setTimeout(() => (isStopping ? undefined : start(index)), RESTART_AFTER);
      });
    };
    const pass = (signal: NodeJS.Signals) => {
      for (const child of workers.values()) child.kill(signal);
    };
    const stop = (signal: NodeJS.Signals) => {
      isStopping = true;
      pass(signal);
      if (workers.size === 0) finish();
    };
    const telling = setInterval(() => {
      const first = workers.get(1);
      // It may be gone before it has read this: its exit says the rest.
      if (first?.connected) first.send(reports.tally(performance.now()), () => {});
    }, SAID_EVERY);
    const finish = () => {
      clearInterval(telling);
      process.off('SIGTERM', stop).off('SIGINT', stop).off('SIGHUP', pass);
      resolve(worst);
    };
    process.on('SIGTERM', stop).on('SIGINT', stop).on('SIGHUP', pass);
    for (let index = 1; index <= count; index++) start(index);
  });
}
