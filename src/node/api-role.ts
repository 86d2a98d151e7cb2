import type { BackendClient } from '../adapters/connect/backend-client.ts';
import { GrpcListener } from '../adapters/connect/grpc-listener.ts';
import { MemoryDedupWindow } from '../adapters/memory/dedup-window.ts';
import { PushListener } from '../adapters/uws/push-listener.ts';
import { AnswerReader } from '../runtime/backend/answer-reader.ts';
import { BackendDispatcher } from '../runtime/backend/backend-dispatcher.ts';
import { EventSubscribers } from '../runtime/backend/event-subscribers.ts';
import { PreferredCaller } from '../runtime/backend/preferred-caller.ts';
import { untilLost } from '../runtime/cluster/lost-sockets.ts';
import type { Config } from '../runtime/config/config.ts';
import type { Dispatcher } from '../runtime/delivery/dispatcher.ts';
import { COUNTER } from '../runtime/metrics/counter-slots.ts';
import type { Metrics } from '../runtime/metrics/metrics.ts';
import { timedRecords } from '../runtime/metrics/timed-records.ts';
import type { BackendCaller } from '../runtime/ports/backend.ts';
import type { Clock, TimerHandle } from '../runtime/ports/clock.ts';
import type { DedupWindow } from '../runtime/ports/dedup-window.ts';
import type { Log } from '../runtime/ports/log.ts';
import type { Random } from '../runtime/ports/random.ts';
import type { DependencyCondition } from '../runtime/ports/readiness.ts';
import type { UpstreamHandler, UpstreamLog, UpstreamSubscription } from '../runtime/ports/upstream-log.ts';
import { PushEndpoint } from '../runtime/push/push-endpoint.ts';
import { PushService } from '../runtime/push/push-service.ts';
import { PushTokens } from '../runtime/push/push-tokens.ts';
import type { Tracer } from '../runtime/trace/tracer.ts';
import { backendAt } from './backend-at.ts';
import type { Demo } from './demo.ts';
import { backendMetrics, pushMetrics } from './node-metrics.ts';

export interface ApiRoleOptions {
  readonly config: Config;
  readonly demo: Pick<Demo, 'namespace' | 'backendUrl'> | null;
  readonly dispatcher: Dispatcher;
  readonly upstreamLog: UpstreamLog;
  readonly clock: Clock;
  readonly random: Random;
  readonly metrics: Metrics;
  readonly log: Log;
  readonly nextId: () => string;
  /** Absent when tracing is off. */
  readonly tracer?: Tracer | undefined;
  /** This process's memory unless told: all API nodes of a cluster share one. */
  readonly dedup?: DedupWindow;
  /**
   * Whether other processes hear the same log. Then this one hears only while somebody behind it does; what nobody
   * hears waits in the log.
   */
  readonly sharesLog?: boolean;
}

/** How often is looked whether anybody behind this node hears, ms. */
const HEARERS_CHECK = 500;

/** The part of a node that speaks with backends: calls them, lets them subscribe, takes their pushes. */
export class ApiRole {
  /** The backend at `backend.url`; null when there is none. */
  readonly caller: BackendClient | null;
  readonly backend: BackendDispatcher;
  private readonly demo: BackendDispatcher | null;
  private readonly options: ApiRoleOptions;
  private readonly subscribers: EventSubscribers;
  private readonly hear: UpstreamHandler;
  private consumption: UpstreamSubscription | null = null;
  private hearersCheck: TimerHandle | null = null;
  private readonly push: PushListener;
  private readonly grpc: GrpcListener;

  constructor(options: ApiRoleOptions) {
    this.options = options;
    const { config, clock, random, log, metrics, dispatcher } = options;
    const reader = new AnswerReader(log, clock, backendMetrics(metrics));
    const helpers = { clock, random, reader };
    this.caller = config.backend.url === '' ? null : backendAt(config.backend.url, config, helpers);
    this.subscribers = new EventSubscribers({
      clock,
      timeout: config.backend.timeout,
      grace: this.caller === null ? config.backend.retry.deadline : 0,
      came: () => this.backend.hearerCame(),
    });
    this.backend = this.dispatchTo('backend', new PreferredCaller(this.subscribers, this.caller));
    const { demo } = options;
    this.demo = demo === null ? null : this.dispatchTo('demo', backendAt(demo.backendUrl, config, helpers));
    const hear =
      demo === null || this.demo === null
        ? this.backend.handle
        : split(demo.namespace, this.demo, this.backend);
    this.hear = timedRecords(
      options.sharesLog
        ? untilLost(learning(hear, dispatcher), () =>
            metrics.counters.add(COUNTER.messagesDropped['node lost']),
          )
        : hear,
      clock,
      { log: metrics.deliveryDelay.log, gateway: options.sharesLog ? null : metrics.deliveryDelay.gateway },
    );

    const dedup = options.dedup ?? new MemoryDedupWindow({ clock });
    const endpoint = new PushEndpoint({
      service: new PushService({ deliverer: dispatcher, dedup, nextId: options.nextId, log }),
      tokens: new PushTokens(config.push.tokens),
      metrics: pushMetrics(metrics),
      clock,
      log,
      tracer: options.tracer,
    });
    const { maxBody } = config.push;
    this.push = new PushListener({ endpoint, clock, maxBody });
    this.grpc = new GrpcListener({ endpoint, subscribers: this.subscribers, reader, log, maxBody });
  }

  /** Begins to hear what clients do. */
  startHearing(): void {
    const { sharesLog, clock } = this.options;
    if (sharesLog !== true || this.caller !== null) {
      this.consumption = this.options.upstreamLog.consume(this.hear);
      return;
    }
    this.hearWhileHeard();
    this.hearersCheck = clock.every(HEARERS_CHECK, () => this.hearWhileHeard());
  }

  private hearWhileHeard(): void {
    const isHeard = this.subscribers.hears();
    if (isHeard && this.consumption === null) {
      this.consumption = this.options.upstreamLog.consume(this.hear);
    } else if (!isHeard && this.consumption !== null) {
      const { consumption } = this;
      this.consumption = null;
      void consumption.stop(0);
    }
  }

  /** Binds both listeners of the push API. */
  async listen(): Promise<{ push: number; grpc: number }> {
    const { listen, grpcListen } = this.options.config.push;
    return {
      push: await this.push.listen(listen.host, listen.port),
      grpc: await this.grpc.listen(grpcListen.host, grpcListen.port),
    };
  }

  /** Takes no new pushes. */
  stopListening(): void {
    this.push.stopListening();
  }

  /** Resolves when the records in hand are settled, or after `deadline` ms. */
  async stopHearing(deadline: number): Promise<void> {
    if (this.hearersCheck !== null) this.options.clock.cancel(this.hearersCheck);
    this.hearersCheck = null;
    await this.consumption?.stop(deadline);
  }

  async close(): Promise<void> {
    this.push.close();
    this.backend.end();
    this.demo?.end();
    await Promise.all([this.grpc.close(), this.caller?.close()]);
  }

  /** For `/readyz`. A backend that is down is said, but is no reason to send clients elsewhere. */
  condition(): DependencyCondition {
    if (this.caller === null) {
      return { ok: true, detail: `${this.subscribers.size} EventService subscribers` };
    }
    const { breaker } = this.backend;
    return { ok: true, detail: breaker === 'closed' ? 'answers' : `circuit breaker is ${breaker}` };
  }

  private dispatchTo(part: string, caller: BackendCaller): BackendDispatcher {
    const { dispatcher, clock, random, log, metrics, config } = this.options;
    return new BackendDispatcher({
      caller,
      deliverer: dispatcher,
      acknowledge: (socket, ackId, body, home, trail) =>
        dispatcher.acknowledge(socket, ackId, body, home, trail),
      clock,
      random,
      log: log.child({ part }),
      metrics: backendMetrics(metrics),
      limits: config.backend,
      tracer: this.options.tracer,
    });
  }
}

/** Records of the demo's namespace go to the demo, all others to the backend. */
function split(namespace: string, demo: BackendDispatcher, backend: BackendDispatcher): UpstreamHandler {
  return (record, settle, standing) => {
    if (record.socket.namespace === namespace) demo.handle(record, settle, standing);
    else backend.handle(record, settle, standing);
  };
}

/** A record says where its socket lives now. */
export function learning(hear: UpstreamHandler, { homes }: Dispatcher): UpstreamHandler {
  return (record, settle, standing) => {
    if (record.kind === 'disconnect') homes.forget(record.key);
    else homes.learn(record.key, record.home);
    hear(record, settle, standing);
  };
}
