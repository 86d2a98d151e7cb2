import {
  type AdminListener,
  startAdminListener,
  startInspectionDoor,
} from '../adapters/admin/admin-listener.ts';
import type { AdminOptions } from '../adapters/admin/admin-options.ts';
import { HttpNodeCourier } from '../adapters/peer/node-courier.ts';
import { createExposition, type Exposition } from '../adapters/prometheus/exposition.ts';
import type { Config } from '../runtime/config/config.ts';
import { TimingWheel } from '../runtime/machine/timing-wheel.ts';
import { COUNTER } from '../runtime/metrics/counter-slots.ts';
import { Metrics } from '../runtime/metrics/metrics.ts';
import type { NodeRole } from '../runtime/ports/lease-store.ts';
import type { Log } from '../runtime/ports/log.ts';
import type { LogLevelControl } from '../runtime/ports/log-level.ts';
import { SystemClock } from '../runtime/time/system-clock.ts';
import { addressBeside } from './advertised-address.ts';
import type { BusParts } from './bus-for.ts';
import type { ClusterBus } from './cluster-bus.ts';
import { CurrentInspector } from './current-inspector.ts';
import { Incarnations } from './incarnations.ts';
import { inspectionOf, inspectorOf } from './inspection.ts';
import { nodeGauges } from './node-gauges.ts';
import { NodeLife } from './node-life.ts';
import type { OpenTracing, Tracing } from './open-tracer.ts';
import type { Ports } from './ports.ts';
import { RevocationDesk } from './revocation-desk.ts';
import type { WorkerLink } from './worker-link.ts';

export interface ClusterNodeOptions {
  readonly config: Config;
  readonly role: NodeRole;
  /** What tells this process from others of its machine; 0 unless `cluster.workers` is above 1. */
  readonly worker: number;
  readonly log: Log;
  readonly logLevel: LogLevelControl;
  readonly droppedLogLines: () => number;
  readonly version: string;
  /** Absent when tracing is off. */
  readonly openTracing?: OpenTracing | undefined;
  readonly openBus: (parts: BusParts) => ClusterBus;
  /** To the process that runs this one beside others; null for one that shares nothing. */
  readonly link: WorkerLink | null;
}

/** How long what was accepted may take to be handed over at the end, ms. */
const FLUSH_TIMEOUT = 10_000;
/** How long the last spans may take to be exported, ms. */
const LAST_SPANS = 2_000;

/**
 * One node of a cluster. What lasts as long as the process is here (its life, its admin listener, its metrics); what
 * lasts as long as a node number is an incarnation.
 */
export class ClusterNode {
  readonly metrics = new Metrics();
  /** Resolves with the exit code when the node has stopped. */
  readonly stopped: Promise<number>;
  private readonly options: ClusterNodeOptions;
  private readonly bus: ClusterBus;
  private readonly life: NodeLife;
  private readonly incarnations: Incarnations;
  private readonly exposition: Exposition;
  private readonly inspector: CurrentInspector;
  private readonly inspection: ReturnType<typeof inspectionOf>;
  private readonly revocationDesk: RevocationDesk;
  private readonly tracing: Tracing | null;
  private admin: AdminListener | null = null;
  /** Where other nodes look in. */
  private door: AdminListener | null = null;
  private courier: HttpNodeCourier | null = null;
  private resolveStopped: (code: number) => void = () => {};
  private hasStopped = false;

  constructor(options: ClusterNodeOptions) {
    this.options = options;
    const { config, log, version, droppedLogLines } = options;
    const { metrics } = this;
    const clock = new SystemClock();
    this.stopped = new Promise((resolve) => {
      this.resolveStopped = resolve;
    });
    const wheel = new TimingWheel(clock, {
      onStall: () => metrics.counters.add(COUNTER.stallsForgiven),
    });
    this.tracing = options.openTracing?.({ clock, metrics, log }) ?? null;
    const tracer = this.tracing?.tracer;
    this.bus = options.openBus({ clock, metrics, log, tracer });
    this.incarnations = new Incarnations({
      ...options,
      bus: this.bus,
      clock,
      wheel,
      metrics,
      tracer,
      openInspection: (key) => this.openInspection(key),
      lost: () => this.life.tell('LEASE_LOST'),
      regained: () => this.life.tell('LEASE_REGAINED'),
    });
    const role = () => this.incarnations.role;
    this.life = new NodeLife(
      wheel,
      clock,
      {
        holdsConnections: () => role()?.holdsConnections() ?? false,
        acceptConnections: () => role()?.accept(),
        stopAccepting: () => role()?.stopAccepting(),
        closePaced: async () => role()?.closePaced(),
        closeRest: () => role()?.closeRest(),
        flush: async () => role()?.flush(),
        exit: (code) => void this.stop(code),
        fault: (error) => log.error({ err: error }, 'internal error in the life of the node'),
      },
      config.drain.timeout,
      FLUSH_TIMEOUT,
    );
    this.revocationDesk = new RevocationDesk({
      mode: config.auth.mode,
      perform: (revocation) => this.incarnations.revocations.revoke(revocation),
      clock,
      log,
    });
    this.inspector = new CurrentInspector(
      () => this.incarnations.inspector,
      () => this.life.state,
    );
    this.incarnations.inspectorOf = (gateway, node) =>
      inspectorOf(gateway, node, { config, clock, version, life: this.life });
    const readsKafka = config.kafka.brokers.length > 0 && options.role === 'api';
    this.inspection = inspectionOf({
      ...options,
      gateway: () => role()?.gateway ?? null,
      number: () => this.incarnations.lease?.number ?? null,
      life: this.life,
      drain: () => this.drain(),
      clock,
      wheel,
      metrics,
      kafkaLag: () => (readsKafka ? this.bus.lag() : null),
      cluster: { records: () => this.bus.directory.all(), courier: () => this.courier },
    });
    this.exposition = createExposition({
      metrics,
      gauges: nodeGauges({
        gateway: () => role()?.gateway ?? null,
        backend: () => role()?.backend ?? null,
        droppedLogLines,
        kafkaConsumerLag: () => this.bus.lag(),
        nodePhase: () => this.life.phase(),
        cluster: {
          waiting: () => role()?.waiting ?? 0,
          conditions: () => this.services(),
          nodes: () => this.bus.directory.all(),
          leaseRemaining: () => this.incarnations.leaseRemaining,
        },
      }),
      version,
    });
  }

  /** Binds all listeners, however long Redis takes to be there. Null when told to stop meanwhile. */
  async start(): Promise<Partial<Ports> | null> {
    const { link } = this.options;
    link?.open(
      () => this.isReady,
      () => this.drain(),
    );
    try {
      this.admin = await startAdminListener(this.adminOptions());
      const ports = await this.incarnations.begin();
      if (ports === null || this.hasStopped) return null;
      this.life.tell('LISTENING');
      return { ...ports, admin: this.admin.port };
    } catch (error) {
      this.life.tell('START_FAILED');
      await this.stopped;
      throw error;
    }
  }

  /** SIGTERM: not ready, no new sessions, paced farewell, hand over, give the number back, stop. */
  drain(): void {
    this.life.tell('DRAIN_REQUESTED');
    void this.incarnations.drain();
  }

  async reloadCertificates(): Promise<void> {
    await this.incarnations.role?.reloadCertificates();
  }

  private adminOptions(): AdminOptions {
    const { config, version, logLevel, link } = this.options;
    return {
      listen: config.admin.listen,
      token: config.admin.token,
      version,
      readiness: {
        state: () => this.life.phase(),
        dependencies: () => ({ ...this.dependencies(), ...link?.conditions() }),
      },
      inspector: this.inspector,
      ...this.inspection,
      logLevel,
      tokens: this.revocationDesk,
      metrics: this.exposition,
    };
  }

  /** Lets other nodes look in here, and this one ask them. Resolves with where it is. */
  private async openInspection(key: string): Promise<string> {
    const { inspect, cluster } = this.options.config;
    this.courier = new HttpNodeCourier({ key, self: () => String(this.incarnations.lease?.number ?? '') });
    this.door = await startInspectionDoor({ ...this.adminOptions(), listen: inspect.listen, token: key });
    const { port } = this.door;
    if (this.hasStopped) await this.closeInspection();
    return addressBeside(cluster.advertise, { ...inspect.listen, port });
  }

  private async closeInspection(): Promise<void> {
    await Promise.all([this.courier?.close(), this.door?.close()]);
  }

  private async stop(code: number): Promise<void> {
    if (this.hasStopped) return;
    this.hasStopped = true;
    this.options.link?.close();
    await this.incarnations.end();
    this.exposition.close();
    const spans = this.tracing?.sink.close(LAST_SPANS);
    await Promise.all([this.bus.close(), this.admin?.close(), this.closeInspection(), spans]);
    this.resolveStopped(code);
  }

  /** Of itself, whatever others do. */
  private get isReady(): boolean {
    return this.life.phase() === 'ready' && Object.values(this.dependencies()).every(({ ok }) => ok);
  }

  /** What it cannot work without. */
  private services() {
    return { ...this.bus.conditions(), lease: this.incarnations.condition() };
  }

  private dependencies() {
    return {
      ...this.services(),
      nodes: this.incarnations.nodes(),
      ...this.incarnations.role?.conditions(),
    };
  }
}
