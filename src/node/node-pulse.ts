import type { Metrics } from '../runtime/metrics/metrics.ts';
import { quantile } from '../runtime/metrics/quantile.ts';
import type { Clock } from '../runtime/ports/clock.ts';
import type { NodeVitals } from '../runtime/ports/neighbours.ts';

export interface NodePulseOptions {
  readonly metrics: Metrics;
  readonly clock: Clock;
  readonly version: string;
  readonly number: () => number | null;
  readonly state: () => string;
  readonly connections: () => number;
  /** Null for a node that reads no Kafka log. */
  readonly kafkaLag: () => number | null;
}

/** Looks closer together than this (ms) share what the first has seen. */
const FRESH = 900;
/** What is told is of the last looks, over so long (ms). */
const SPAN = 5_000;
/** A look so long ago (ms) says nothing of now, once others are far enough apart for delays to be measured between them. */
const STALE = 15_000;
const MEASURABLE = 1_500;

/** What was counted up to a moment. */
interface Look {
  readonly at: number;
  /** Time on a core, ms. */
  readonly cpu: number;
  readonly received: number;
  readonly sent: number;
  readonly delays: Float64Array;
}

/** How this process is, for those who look at the cluster. Nothing is measured for it while nobody asks. */
export class NodePulse {
  private readonly options: NodePulseOptions;
  private looks: Look[];

  constructor(options: NodePulseOptions) {
    this.options = options;
    this.looks = [this.look()];
  }

  vitals(): NodeVitals {
    const { metrics, version, number, state, connections, kafkaLag } = this.options;
    const now = this.options.clock.now();
    if (now - this.looks.at(-1)!.at >= FRESH) {
      this.looks.push(this.look());
      const isPast = () => {
        const [first, second] = this.looks as [Look, Look];
        return second.at <= now - (first.at < now - STALE ? MEASURABLE : SPAN);
      };
      while (this.looks.length > 2 && isPast()) this.looks.shift();
    }
    const [first, last] = [this.looks[0]!, this.looks.at(-1)!];
    const took = Math.max(1, last.at - first.at);
    const perSecond = (count: number) => Math.max(0, Math.round((count * 10_000) / took) / 10);
    const { bounds } = metrics.eventLoopDelay;
    const delays = last.delays.map((count, bucket) => Math.max(0, count - first.delays[bucket]!));
    const p50 = quantile(bounds, delays, 0.5);
    const p99 = quantile(bounds, delays, 0.99);
    return {
      number: number(),
      version,
      state: state(),
      connections: connections(),
      load: {
        cpu: Math.round((1000 * (last.cpu - first.cpu)) / took) / 1000,
        memory: process.memoryUsage.rss(),
        received: perSecond(last.received - first.received),
        sent: perSecond(last.sent - first.sent),
      },
      eventLoopDelay: p50 === null || p99 === null ? null : { p50: rounded(p50), p99: rounded(p99) },
      kafkaLag: kafkaLag(),
    };
  }

  private look(): Look {
    const { metrics, clock } = this.options;
    const { user, system } = process.cpuUsage();
    return {
      at: clock.now(),
      cpu: (user + system) / 1000,
      received: metrics.counters.messagesReceived,
      sent: metrics.counters.messagesSent,
      delays: metrics.eventLoopDelay.counts.slice(),
    };
  }
}

function rounded(ms: number): number {
  return Math.round(ms * 100) / 100;
}
