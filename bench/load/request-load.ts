import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { compile } from './compile.ts';

export interface RequestReport {
  readonly answered: number;
  readonly refused: number;
  readonly seconds: number;
  readonly perSecond: number;
  /** Milliseconds. */
  readonly p50: number;
  readonly p99: number;
  readonly firstRefusal: string;
}

export interface RequestPlan {
  readonly port: number;
  readonly path: string;
  /** A file with one JSON body per line. */
  readonly bodies: string;
  readonly inFlight: number;
  readonly seconds: number;
}

/** Keeps `inFlight` POST requests going from a process of its own; throws when one is refused. */
export async function loadRequests(plan: RequestPlan): Promise<RequestReport> {
  const binary = await compile('requests');
  const args = [
    ['--port', plan.port],
    ['--path', plan.path],
    ['--bodies', plan.bodies],
    ['--inflight', plan.inFlight],
    ['--seconds', plan.seconds],
  ];
  const { stdout } = await promisify(execFile)(binary, args.flat().map(String));
  const report = JSON.parse(stdout) as RequestReport;
  if (report.refused) throw new Error(`${report.refused} requests were refused: ${report.firstRefusal}`);
  return report;
}
