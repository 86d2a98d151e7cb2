import type { BackendDropReason, BackendMetrics } from '../runtime/backend/backend-metrics.ts';
import { RepeatedLines } from '../runtime/log/repeated-lines.ts';
import { COUNTER, type DropReason } from '../runtime/metrics/counter-slots.ts';
import type { Metrics } from '../runtime/metrics/metrics.ts';
import type { Clock } from '../runtime/ports/clock.ts';
import type { Log } from '../runtime/ports/log.ts';
import type { PushMetrics } from '../runtime/push/push-metrics.ts';

/** Lines that are held back when there are too many, and counted. */
export function countedLines(log: Log, clock: Clock, metrics: Metrics): RepeatedLines {
  return new RepeatedLines(log, clock, { onHeldBack: heldBackIn(metrics) });
}

/** Counts a line that was held back. */
export function heldBackIn({ counters }: Metrics): () => void {
  return () => counters.add(COUNTER.logLinesHeldBack);
}

/** What the push API reports, in the node's counters. */
export function pushMetrics(metrics: Metrics): PushMetrics {
  return {
    finished: (method, code, _token, seconds) => {
      metrics.counters.add(COUNTER.pushRequests[method][code]);
      metrics.pushDuration.observe(seconds * 1000);
    },
    lineHeldBack: heldBackIn(metrics),
  };
}

/** What the backend side reports, in the node's counters. */
export function backendMetrics(metrics: Metrics): BackendMetrics {
  const { counters } = metrics;
  return {
    called: (method, code, seconds) => {
      counters.add(COUNTER.backendCalls[method][code]);
      metrics.backendDuration.observe(seconds * 1000);
    },
    answered: (waited, took) => {
      metrics.deliveryDelay.api.observe(waited);
      metrics.deliveryDelay.backend.observe(took);
    },
    retried: () => counters.add(COUNTER.backendRetries),
    dropped: (reason) => counters.add(COUNTER.messagesDropped[DROP_REASONS[reason]]),
    invalid: () => counters.add(COUNTER.messagesDropped.invalid),
    actionFailed: () => counters.add(COUNTER.messagesDropped.invalid),
    breakerChanged: (state) => {
      if (state === 'open') counters.add(COUNTER.backendBreakerOpened);
    },
    lineHeldBack: heldBackIn(metrics),
  };
}

const DROP_REASONS: Readonly<Record<BackendDropReason, DropReason>> = {
  'backend queue full': 'backend queue',
  'backend unavailable': 'backend deadline',
  'backend refused': 'backend refused',
};
