import { isPretty, openLogOutput } from '../adapters/pino/log-output.ts';
import { createPinoLog } from '../adapters/pino/pino-log.ts';
import type { Config } from '../runtime/config/config.ts';
import { describeProblem } from '../runtime/config/config-problem.ts';
import type { LoadResult, Role } from '../runtime/config/load-config.ts';
import { describeAddresses } from './addresses.ts';
import { type BusParts, busFor } from './bus-for.ts';
import { ClusterNode } from './cluster-node.ts';
import { startDemo } from './demo.ts';
import { tracingFor } from './open-tracer.ts';
import type { Ports } from './ports.ts';
import { SingleNode } from './single-node.ts';
import { configOfWorker } from './worker-config.ts';
import { WorkerLink } from './worker-link.ts';

/** How long output may take to be written once everything else is over, ms. */
const LAST_WORDS = 500;

/** A node of either kind, as a process sees it. */
interface RunnableNode {
  start(): Promise<Partial<Ports> | null>;
  readonly stopped: Promise<number>;
  drain(): void;
  reloadCertificates(): Promise<void>;
}

export interface RunOptions {
  readonly role: Role;
  readonly config: Config;
  /** Reads the configuration again. */
  readonly reload: () => LoadResult;
  readonly version: string;
  /** Place among the processes that share a port; 0 for one that does not. */
  readonly worker: number;
}

/**
 * Runs a node in this process until it has stopped: SIGTERM and SIGINT drain (a second one hurries), SIGHUP reads
 * certificates and log level again. Resolves with the exit code; rejects when the node cannot start.
 */
export async function runNode(options: RunOptions): Promise<number> {
  const { role, reload, version, worker } = options;
  const config = configOfWorker(options.config, worker);
  const output = openLogOutput(1, isPretty(config.log.format, process.stdout.isTTY === true));
  const control = createPinoLog(config.log.level, output);
  const { log } = control;
  const demo = role === 'dev' ? await startDemo(config, log) : null;
  const shared = { config, log, logLevel: control, droppedLogLines: () => output.dropped(), version };
  const link = worker === 0 ? null : new WorkerLink(worker);
  const openTracing = (await tracingFor(config, role, version)) ?? undefined;
  const openBus = (parts: BusParts) => busFor(config, parts);
  const node: RunnableNode =
    role === 'dev'
      ? new SingleNode({ ...shared, openTracing, demo })
      : new ClusterNode({ ...shared, openTracing, role, worker, openBus, link });
  const drain = () => node.drain();
  const hangUp = () => void reloadSettings(reload, node, control);
  // Before it starts: by default any of them would end a process that has not come to its addresses yet.
  process.on('SIGTERM', drain).on('SIGINT', drain).on('SIGHUP', hangUp);
  try {
    const ports = await node.start();
    if (ports !== null) {
      demo?.opened(ports as Ports);
      process.stdout.write(describeAddresses(config, ports, demo !== null));
    }
  } catch (error) {
    await demo?.close();
    throw error;
  }

  const code = await node.stopped;
  process.off('SIGTERM', drain).off('SIGINT', drain).off('SIGHUP', hangUp);
  await demo?.close();
  log.info({ code }, 'stopped');
  output.flush();
  // What still waits, such as another try to reach a backend that is gone, must not keep the process alive.
  setTimeout(() => process.exit(code), LAST_WORDS).unref();
  return code;
}

async function reloadSettings(
  reload: () => LoadResult,
  node: RunnableNode,
  { log, setLevel }: ReturnType<typeof createPinoLog>,
): Promise<void> {
  try {
    const fresh = reload();
    if (!fresh.ok) {
      const problems = fresh.problems.map(describeProblem);
      return log.error({ problems }, 'SIGHUP: the configuration has errors; everything stays as it was');
    }
    setLevel(fresh.config.log.level);
    await node.reloadCertificates();
    log.info({ level: fresh.config.log.level }, 'SIGHUP: log level and certificates were read again');
  } catch (error) {
    log.error({ err: error }, 'SIGHUP: the certificates are unusable; the old ones stay');
  }
}
