import type { Metrics } from '../runtime/metrics/metrics.ts';
import type { UpstreamLog } from '../runtime/ports/upstream-log.ts';
import type { Tracer } from '../runtime/trace/tracer.ts';
import type { SilenceableLog } from './silenceable-log.ts';

export interface Witnesses {
  readonly upstreamLog: UpstreamLog;
  readonly log: SilenceableLog;
  readonly tracer: Tracer | undefined;
  readonly metrics: Metrics;
}

/** How long what still waits in the log may take, ms. */
const LAST_RECORDS = 10_000;

/** A rehearsal is nobody's business: not the backend's, not the log's, not the tracer's, not the metrics'. */
export async function inSecret(
  { upstreamLog, log, tracer, metrics }: Witnesses,
  rehearse: () => Promise<void>,
): Promise<void> {
  const deaf = upstreamLog.consume((_record, settle) => settle());
  log.isSilent = true;
  if (tracer !== undefined) tracer.isSilent = true;
  try {
    await rehearse();
  } finally {
    await deaf.stop(LAST_RECORDS);
    metrics.clear();
    log.isSilent = false;
    if (tracer !== undefined) tracer.isSilent = false;
  }
}
