import { randomBytes } from 'node:crypto';
import { type AdminListener, startAdminListener } from '../adapters/admin/admin-listener.ts';
import { MemoryMailbox } from '../adapters/memory/mailbox.ts';
import { MemoryPresence } from '../adapters/memory/presence.ts';
import { MemoryUpstreamLog } from '../adapters/memory/upstream-log.ts';
import { createExposition, type Exposition } from '../adapters/prometheus/exposition.ts';
import { RevokedTokens } from '../runtime/auth/revoked-tokens.ts';
import type { Config } from '../runtime/config/config.ts';
import { Dispatcher } from '../runtime/delivery/dispatcher.ts';
import type { Letter } from '../runtime/delivery/letter.ts';
import type { Gateway } from '../runtime/gateway.ts';
import { SESSION_KEY_BYTES, SessionIds } from '../runtime/identity/session-id.ts';
import { SnowflakeGenerator } from '../runtime/identity/snowflake.ts';
import { toDecimal } from '../runtime/identity/snowflake-decimal.ts';
import type { LiveInspector } from '../runtime/inspect/live-inspector.ts';
import { TimingWheel } from '../runtime/machine/timing-wheel.ts';
import { COUNTER } from '../runtime/metrics/counter-slots.ts';
import { Metrics } from '../runtime/metrics/metrics.ts';
import type { Clock } from '../runtime/ports/clock.ts';
import type { Log } from '../runtime/ports/log.ts';
import type { LogLevelControl } from '../runtime/ports/log-level.ts';
import type { UpstreamLog } from '../runtime/ports/upstream-log.ts';
import { endLogins } from '../runtime/socket/end-logins.ts';
import { SystemClock } from '../runtime/time/system-clock.ts';
import { TracedUpstreamLog } from '../runtime/trace/traced-upstream-log.ts';
import type { Tracer } from '../runtime/trace/tracer.ts';
import { ApiRole } from './api-role.ts';
import { authenticatorFor } from './authenticator-for.ts';
import type { Demo } from './demo.ts';
import { GatewayRole } from './gateway-role.ts';
import { untilHandedOver } from './handed-over.ts';
import { inSecret } from './in-secret.ts';
import { inspectionOf, inspectorOf } from './inspection.ts';
import { nodeGauges } from './node-gauges.ts';
import { NodeLife } from './node-life.ts';
import { backendMetrics } from './node-metrics.ts';
import type { OpenTracing, Tracing } from './open-tracer.ts';
import type { Ports } from './ports.ts';
import { RevocationDesk } from './revocation-desk.ts';
import { SilenceableLog } from './silenceable-log.ts';
import { SYSTEM_RANDOM } from './system-random.ts';
import { withNamespace } from './with-namespace.ts';

export interface SingleNodeOptions {
  readonly config: Config;
  readonly log: Log;
  readonly logLevel: LogLevelControl;
  /** Lines of the log that were lost so far; none unless told. */
  readonly droppedLogLines?: () => number;
  readonly version: string;
  /** Absent when tracing is off. */
  readonly openTracing?: OpenTracing | undefined;
  /** Null without the demo page. */
  readonly demo: Demo | null;
  /** Time of the whole node; the system's unless told. */
  readonly clock?: Clock;
  /** Puts something between gateway and log, such as a fault. */
  readonly wrapUpstreamLog?: (log: UpstreamLog) => UpstreamLog;
}

/** How long other parts of the cluster may take to answer an inquiry, ms. */
const ANSWER_TIMEOUT = 5_000;
/** How long what was accepted may take to be handed over at the end, ms. */
const FLUSH_TIMEOUT = 10_000;
/** How long the last spans may take to be exported, ms. */
const LAST_SPANS = 2_000;

/** All roles in one process, on the memory bus. The composition root: the one place that sees every adapter. */
export class SingleNode {
  readonly gateway: Gateway;
  readonly inspector: LiveInspector;
  readonly metrics = new Metrics();
  /** Resolves with the exit code when the node has stopped. */
  readonly stopped: Promise<number>;
  private readonly options: SingleNodeOptions;
  private readonly clock: Clock;
  private readonly log: SilenceableLog;
  private readonly clients: GatewayRole;
  private readonly api: ApiRole;
  private readonly upstreamLog: UpstreamLog;
  /** What is behind `upstreamLog` in the end. */
  private readonly memoryLog: MemoryUpstreamLog;
  private readonly exposition: Exposition;
  private readonly revocationDesk: RevocationDesk;
  private readonly life: NodeLife;
  private readonly tracing: Tracing | null;
  private readonly tracer: Tracer | undefined;
  private readonly inspection: ReturnType<typeof inspectionOf>;
  private admin: AdminListener | null = null;
  private resolveStopped: (code: number) => void = () => {};
  private hasStopped = false;

  constructor(options: SingleNodeOptions) {
    this.options = options;
    this.clock = options.clock ?? new SystemClock();
    const { config, demo, version } = options;
    const node = config.cluster.nodeId ?? 0;
    this.log = new SilenceableLog(options.log.child({ node }));
    const { clock, metrics, log } = this;
    this.stopped = new Promise((resolve) => {
      this.resolveStopped = resolve;
    });
    this.tracing = options.openTracing?.({ clock, metrics, log }) ?? null;
    const tracer = this.tracing?.tracer.at(node);
    this.tracer = tracer;
    const wheel = new TimingWheel(clock, {
      onStall: () => metrics.counters.add(COUNTER.stallsForgiven),
    });
    const snowflakes = new SnowflakeGenerator({ clock, node });
    const nextId = () => {
      snowflakes.next();
      return toDecimal(snowflakes.hi, snowflakes.lo);
    };
    const presence = new MemoryPresence();
    const mailbox = new MemoryMailbox<Letter>();
    const upstreamLog = new MemoryUpstreamLog({
      clock,
      // A microtask, because waking the event loop once more for each message costs more than the message.
      defer: queueMicrotask,
      yieldTo: setImmediate,
      maxRecords: config.backend.queue.total,
      maxBytes: config.backend.queue.maxBytes,
    });
    this.memoryLog = upstreamLog;
    const wrapped = options.wrapUpstreamLog?.(upstreamLog) ?? upstreamLog;
    this.upstreamLog = tracer === undefined ? wrapped : new TracedUpstreamLog(wrapped, tracer, clock);
    const dispatcher = new Dispatcher({
      presence,
      mailbox,
      clock,
      node,
      answerTimeout: ANSWER_TIMEOUT,
      delays: metrics.deliveryDelay.dispatch,
      tracer,
    });

    this.api = new ApiRole({
      config,
      demo,
      dispatcher,
      upstreamLog: this.upstreamLog,
      clock,
      random: SYSTEM_RANDOM,
      metrics,
      log,
      nextId,
      tracer,
    });

    const revokedTokens = new RevokedTokens(clock);
    const isRevoked = (tokenId: string) => revokedTokens.has(tokenId);
    const authenticator = authenticatorFor(config, {
      isRevoked,
      caller: this.api.caller,
      nextId,
      clock,
      random: SYSTEM_RANDOM,
      log,
      metrics: backendMetrics(metrics),
      tracer,
    });
    this.clients = new GatewayRole({
      config: demo === null ? config : withNamespace(config, demo.namespace),
      extraRoutes: (app) => options.demo?.routes(this.inspector)(app),
      node,
      clock,
      wheel,
      log,
      metrics,
      snowflakes,
      sessionIds: new SessionIds(randomBytes(SESSION_KEY_BYTES)),
      upstreamLog: this.upstreamLog,
      mailbox,
      presence,
      dispatcher,
      isRevoked,
      authenticator,
      tracer,
    });
    this.gateway = this.clients.gateway;
    mailbox.open(node, (letter) => this.gateway.postbox.receive(letter));
    this.revocationDesk = new RevocationDesk({
      mode: config.auth.mode,
      // Nobody else needs to know, and what this process knows ends with it.
      perform: async (revocation) =>
        revokedTokens.add(revocation) ? endLogins(this.gateway, (id) => id === revocation.id) : 0,
      clock,
      log,
    });

    this.life = new NodeLife(
      wheel,
      clock,
      {
        holdsConnections: () => this.gateway.connections.size > 0,
        acceptConnections: () => this.clients.accept(),
        stopAccepting: () => this.clients.stopAccepting(),
        closePaced: () => this.clients.closePaced(),
        closeRest: () => this.clients.close(),
        flush: () => this.flush(),
        exit: (code) => void this.stop(code),
        fault: (error) => log.error({ err: error }, 'internal error in the life of the node'),
      },
      config.drain.timeout,
      FLUSH_TIMEOUT,
    );
    this.inspector = inspectorOf(this.gateway, node, { config, clock, version, life: this.life });
    this.inspection = inspectionOf({
      ...options,
      role: 'dev',
      gateway: () => this.gateway,
      number: () => node,
      life: this.life,
      drain: () => this.drain(),
      clock,
      wheel,
      metrics,
      log,
      kafkaLag: () => null,
      cluster: null,
    });
    this.exposition = createExposition({
      metrics,
      gauges: nodeGauges({
        gateway: () => this.gateway,
        backend: () => this.api.backend,
        droppedLogLines: options.droppedLogLines ?? (() => 0),
        kafkaConsumerLag: () => 0,
        nodePhase: () => this.life.phase(),
        cluster: null,
      }),
      version,
    });
  }

  /** Binds all listeners. Rejects when one cannot be bound, null when told to stop meanwhile; nothing is left open then. */
  async start(): Promise<Ports | null> {
    const { config } = this.options;
    try {
      this.admin = await startAdminListener({
        listen: config.admin.listen,
        token: config.admin.token,
        version: this.options.version,
        readiness: {
          state: () => this.life.phase(),
          dependencies: () => ({ bus: { ok: true, detail: 'memory' }, backend: this.api.condition() }),
        },
        inspector: this.inspector,
        ...this.inspection,
        logLevel: this.options.logLevel,
        tokens: this.revocationDesk,
        metrics: this.exposition,
      });
      if (config.engine.rehearsal) {
        const { upstreamLog, log, tracer, metrics } = this;
        await inSecret({ upstreamLog, log, tracer, metrics }, () => this.clients.rehearse());
      }
      this.api.startHearing();
      const { push, grpc } = await this.api.listen();
      const clients = await this.clients.listen();
      if (this.hasStopped) throw new Error('stopped while starting');
      this.life.tell('LISTENING');
      return { clients, push, grpc, admin: this.admin.port };
    } catch (error) {
      this.life.tell('START_FAILED');
      if ((await this.stopped) !== 0) throw error;
      // What was bound after everything had been closed.
      this.clients.close();
      await this.api.close();
      return null;
    }
  }

  /** SIGTERM: not ready, no new sessions, paced farewell, hand over, stop. A second call hurries. */
  drain(): void {
    this.life.tell('DRAIN_REQUESTED');
  }

  reloadCertificates(): Promise<void> {
    return this.clients.reloadCertificates();
  }

  private async flush(): Promise<void> {
    this.clients.stopListening();
    this.api.stopListening();
    await this.upstreamLog.flush();
    await untilHandedOver(this.memoryLog, this.clock, () => this.hasStopped);
    await this.api.stopHearing(FLUSH_TIMEOUT);
  }

  private async stop(code: number): Promise<void> {
    this.hasStopped = true;
    this.clients.close();
    this.exposition.close();
    await Promise.all([this.api.close(), this.admin?.close(), this.upstreamLog.close()]);
    await this.tracing?.sink.close(LAST_SPANS);
    this.resolveStopped(code);
  }
}
