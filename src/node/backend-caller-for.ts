import type { BackendClient } from '../adapters/connect/backend-client.ts';
import { AnswerReader } from '../runtime/backend/answer-reader.ts';
import type { Config } from '../runtime/config/config.ts';
import type { Metrics } from '../runtime/metrics/metrics.ts';
import type { Clock } from '../runtime/ports/clock.ts';
import type { Log } from '../runtime/ports/log.ts';
import { backendAt } from './backend-at.ts';
import { backendMetrics } from './node-metrics.ts';
import { SYSTEM_RANDOM } from './system-random.ts';

/** The backend that a gateway asks who clients are; null when it is not the one to ask. */
export function backendCallerFor(
  config: Config,
  clock: Clock,
  log: Log,
  metrics: Metrics,
): BackendClient | null {
  if (config.auth.mode !== 'backend') return null;
  const reader = new AnswerReader(log, clock, backendMetrics(metrics));
  return backendAt(config.backend.url, config, { clock, random: SYSTEM_RANDOM, reader });
}
