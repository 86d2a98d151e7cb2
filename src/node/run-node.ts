import { isPretty, openLogOutput } from '../adapters/pino/log-output.ts';
import { createPinoLog } from '../adapters/pino/pino-log.ts';
import type { Config } from '../runtime/config/config.ts';
import { describeProblem } from '../runtime/config/config-problem.ts';
import type { LoadResult } from '../runtime/config/load-config.ts';
import { describeAddresses } from './addresses.ts';
import { startDemo } from './demo.ts';
import { SingleNode } from './single-node.ts';

/** How long output may take to be written once everything else is over, ms. */
const LAST_WORDS = 500;

/**
 * Runs a node in this process until it has stopped: SIGTERM and SIGINT drain (a second one hurries), SIGHUP reads
 * certificates and log level again. Resolves with the exit code; rejects when the node cannot start.
 */
export async function runNode(config: Config, reload: () => LoadResult, version: string): Promise<number> {
  const output = openLogOutput(1, isPretty(config.log.format, process.stdout.isTTY === true));
  const control = createPinoLog(config.log.level, output);
  const { log } = control;
  const demo = await startDemo(config, log);
  const droppedLogLines = () => output.dropped();
  const node = new SingleNode({ config, log, logLevel: control, droppedLogLines, version, demo });
  const drain = () => node.drain();
  const hangUp = () => void reloadSettings(reload, node, control);
  // Before it starts: by default any of them would end a process that has not come to its addresses yet.
  process.on('SIGTERM', drain).on('SIGINT', drain).on('SIGHUP', hangUp);
  try {
    const ports = await node.start();
    if (ports !== null) {
      demo.opened(ports);
      process.stdout.write(describeAddresses(config, ports));
    }
  } catch (error) {
    await demo.close();
    throw error;
  }

  const code = await node.stopped;
  process.off('SIGTERM', drain).off('SIGINT', drain).off('SIGHUP', hangUp);
  await demo.close();
  log.info({ code }, 'stopped');
  output.flush();
  // What still waits, such as another try to reach a backend that is gone, must not keep the process alive.
  setTimeout(() => process.exit(code), LAST_WORDS).unref();
  return code;
}

async function reloadSettings(
  reload: () => LoadResult,
  node: SingleNode,
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
