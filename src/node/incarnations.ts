import { randomUUID } from 'node:crypto';
import { RevokedTokens } from '../runtime/auth/revoked-tokens.ts';
import { type Lease, LeaseKeeper } from '../runtime/cluster/lease-keeper.ts';
import { NEWCOMERS_WAIT } from '../runtime/cluster/node-directory.ts';
import { NodeNotices } from '../runtime/cluster/node-notices.ts';
import { Revocations } from '../runtime/cluster/revocations.ts';
import type { Config } from '../runtime/config/config.ts';
import type { Gateway } from '../runtime/gateway.ts';
import { SnowflakeGenerator } from '../runtime/identity/snowflake.ts';
import type { TimingWheel } from '../runtime/machine/timing-wheel.ts';
import type { Metrics } from '../runtime/metrics/metrics.ts';
import type { Clock } from '../runtime/ports/clock.ts';
import type { Inspector } from '../runtime/ports/inspector.ts';
import type { NodeRole } from '../runtime/ports/lease-store.ts';
import type { Log } from '../runtime/ports/log.ts';
import type { DependencyCondition } from '../runtime/ports/readiness.ts';
import { endLogins } from '../runtime/socket/end-logins.ts';
import type { Tracer } from '../runtime/trace/tracer.ts';
import { advertisedAddress } from './advertised-address.ts';
import { ClusterApi } from './cluster-api.ts';
import type { ClusterBus, ClusterKeys } from './cluster-bus.ts';
import { ClusterGateway } from './cluster-gateway.ts';
import { countedLeaseEvents } from './counted-lease-events.ts';
import { describeNodes } from './describe-nodes.ts';
import { leaseRequest } from './lease-request.ts';
import type { Ports } from './ports.ts';
import { reboundConfig } from './rebound-config.ts';
import type { Role } from './role.ts';
import { SOCKETS, type Surroundings } from './surroundings.ts';
import { untilItWorks } from './until-it-works.ts';

export interface IncarnationsOptions {
  readonly config: Config;
  readonly role: NodeRole;
  readonly worker: number;
  readonly version: string;
  readonly bus: ClusterBus;
  readonly clock: Clock;
  readonly wheel: TimingWheel;
  readonly metrics: Metrics;
  readonly log: Log;
  /** Absent when tracing is off. */
  readonly tracer?: Tracer | undefined;
  /** The number is not surely ours any more. */
  readonly lost: () => void;
  /** It is again, or there is another. */
  readonly regained: () => void;
  /** Lets other nodes look in here with this key; resolves with where. Nobody looks in unless told. */
  readonly openInspection?: (key: string) => Promise<string>;
  /** Sockets, unless told. */
  readonly surroundings?: Surroundings;
}

/** How soon another life is tried for, ms. */
const TRY_AGAIN = 1_000;

/**
 * The lives of one process under one node number after the other. Losing the number ends everything that was done
 * under it, sessions included: others have said that they are over. Then a new life begins.
 */
export class Incarnations {
  role: Role | null = null;
  inspector: Inspector | null = null;
  /** How a gateway is looked into. */
  inspectorOf: (gateway: Gateway, node: number) => Inspector | null = () => null;
  readonly revocations: Revocations;
  private readonly options: IncarnationsOptions;
  private readonly revokedTokens: RevokedTokens;
  private readonly owner = randomUUID();
  private readonly surroundings: Surroundings;
  private readonly notices: NodeNotices;
  private keeper: LeaseKeeper | null = null;
  /** The last one this process had. */
  private number: number | null = null;
  private keys: ClusterKeys | null = null;
  private peerListener: ReturnType<Surroundings['peerListener']> | null = null;
  private peerPort = 0;
  private inspectAddress: string | null = null;
  private snowflakes: SnowflakeGenerator | null = null;
  private ports: Partial<Ports> = {};
  private isDraining = false;
  private hasEnded = false;

  constructor(options: IncarnationsOptions) {
    this.options = options;
    this.surroundings = options.surroundings ?? SOCKETS;
    const { bus, clock, log } = options;
    this.notices = new NodeNotices(bus.events, bus.directory);
    this.revokedTokens = new RevokedTokens(clock);
    this.revocations = new Revocations({
      tokens: this.revokedTokens,
      store: bus.revocations,
      events: bus.events,
      endLogins: (isOver) => {
        const gateway = this.role?.gateway ?? null;
        return gateway === null ? 0 : endLogins(gateway, isOver);
      },
      clock,
      log,
    });
  }

  /** Resolves with the ports bound, null when ended meanwhile; waits for services as long as it takes. */
  async begin(): Promise<Partial<Ports> | null> {
    const { bus, clock, metrics, log } = this.options;
    if (!(await this.openPeers())) return null;
    const keeper = new LeaseKeeper({
      store: bus.leases,
      request: leaseRequest({
        ...this.options,
        owner: this.owner,
        previous: this.number,
        address: this.address(),
        inspectAddress: this.inspectAddress ?? '',
      }),
      clock,
      log,
      reached: () => this.snowflakes?.reached ?? clock.wallNow(),
      load: () => ({
        connections: this.role?.gateway?.connections.size ?? 0,
        draining: this.isDraining ? 1 : 0,
      }),
      events: countedLeaseEvents(metrics.counters, {
        suspended: () => this.suspended(),
        resumed: () => this.resumed(),
        lost: () => void this.restart(),
      }),
    });
    this.keeper = keeper;
    const lease = await keeper.acquire();
    if (lease === null) return null;
    this.number = lease.number;
    const role = await this.embody(lease, keeper);
    if (role === null) return null;
    this.role = role;
    if (role.gateway !== null) this.inspector = this.inspectorOf(role.gateway, lease.number);
    const bound = await role.start();
    this.ports = { ...this.ports, ...bound };
    this.notices.changed(lease.number);
    // Until every other node has read of it, nothing addressed to everybody would reach a gateway's clients.
    if (this.options.role === 'gateway') await this.pause(NEWCOMERS_WAIT);
    log.info({ node: lease.number, epoch: lease.epoch, role: this.options.role }, 'joined the cluster');
    return this.ports;
  }

  /** For how long (ms) the node number surely is ours. */
  get leaseRemaining(): number {
    return this.keeper?.remaining ?? 0;
  }

  /** What this process has of the cluster at this moment; null while it has no number. */
  get lease(): Lease | null {
    return this.keeper?.current ?? null;
  }

  condition(): DependencyCondition {
    const trouble = this.keeper?.trouble ?? 'not asked for yet';
    const number = this.keeper?.current?.number;
    return trouble === '' ? { ok: true, detail: `node ${number}` } : { ok: false, detail: trouble };
  }

  /** For `/readyz`: who is there. */
  nodes(): DependencyCondition {
    return { ok: true, detail: describeNodes(this.options.bus.directory.all()) };
  }

  /** Lets the others know that this node takes no new sessions and will leave. */
  async drain(): Promise<void> {
    if (this.isDraining) return;
    this.isDraining = true;
    await this.keeper?.show();
    const number = this.keeper?.current?.number;
    if (number !== undefined) this.notices.changed(number);
  }

  /** Gives the number back and ends. */
  async end(): Promise<void> {
    this.hasEnded = true;
    const { role, keeper } = this;
    this.role = null;
    keeper?.stop();
    await role?.close();
    this.peerListener?.close();
    this.notices.stop();
    this.revocations.stop();
    this.options.bus.directory.stop();
    try {
      await keeper?.release();
    } catch (error) {
      this.options.log.warn({ err: error }, 'the node number could not be given back; it runs out by itself');
    }
  }

  private async embody(lease: Lease, keeper: LeaseKeeper): Promise<Role | null> {
    const { bus, log, clock } = this.options;
    const snowflakes = new SnowflakeGenerator({ clock, node: lease.number, floor: lease.reached });
    this.snowflakes = snowflakes;
    const { keys } = this;
    await this.persist(() => bus.directory.start());
    if (!this.hasEnded) this.notices.start();
    // Before anybody may log in here.
    if (this.options.config.auth.mode === 'jwt') await this.persist(() => this.revocations.start());
    // Of this life: what is left of it must not go out under the number of the next.
    const holds = () => keeper.holds();
    const isForgotten = () => keeper.isForgotten;
    // Of a node that nobody knows of any more, nobody else says anything.
    const seat = await this.persist(() => bus.join(lease, () => holds() || isForgotten()));
    if (keys === null || seat === null) return null;
    const parts = {
      ...this.options,
      bus,
      seat,
      lease,
      holds,
      isForgotten,
      snowflakes,
      surroundings: this.surroundings,
      log: log.child({ node: lease.number }),
      tracer: this.options.tracer?.at(lease.number),
    };
    // Of the ports that the system chose, a second life has those of the first.
    const config = reboundConfig(this.options.config, this.ports);
    if (this.options.role === 'api') return new ClusterApi({ ...parts, config });
    return new ClusterGateway({
      ...parts,
      config,
      keys,
      isRevoked: (tokenId) => this.revokedTokens.has(tokenId),
      isFirst: this.ports.clients === undefined,
      portUse: config.cluster.workers > 1 ? 'shared' : 'exclusive',
    });
  }

  /** Binds the listeners for other nodes, once for all lives. False when ended meanwhile. */
  private async openPeers(): Promise<boolean> {
    const { bus, config, role, openInspection } = this.options;
    this.keys ??= await this.persist(() => bus.keys());
    if (this.keys === null) return false;
    this.inspectAddress ??= (await openInspection?.(this.keys.inspect)) ?? '';
    if (role === 'api' || this.peerListener !== null) return true;
    const { host, port } = config.cluster.listen;
    this.peerListener = this.surroundings.peerListener({
      engine: () => this.role?.gateway?.engine ?? null,
      // Sessions of a node that is not sure of its lease may be declared dead at any moment.
      departures: () => (this.keeper?.holds() ? (this.role?.gateway?.departures ?? null) : null),
      expects: (sid) => this.role?.expects(sid) ?? false,
      key: this.keys.peers,
      maxPayload: config.engine.maxPayload,
    });
    this.peerPort = await this.peerListener.listen(host, port);
    return true;
  }

  private address(): string {
    if (this.peerListener === null) return '';
    const { advertise, listen } = this.options.config.cluster;
    return advertisedAddress(advertise, { ...listen, port: this.peerPort });
  }

  /** Null when the node ends meanwhile. */
  private persist<T>(work: () => Promise<T>): Promise<T | null> {
    const { log } = this.options;
    return untilItWorks(work, { log, pause: (ms) => this.pause(ms), hasEnded: () => this.hasEnded });
  }

  private suspended(): void {
    this.role?.fence();
    this.options.lost();
  }

  private resumed(): void {
    this.role?.unfence();
    this.options.regained();
  }

  private async restart(): Promise<void> {
    const { log, bus } = this.options;
    const { role } = this;
    this.role = null;
    this.inspector = null;
    try {
      await role?.close();
      this.notices.stop();
      this.revocations.stop();
      bus.directory.stop();
      if (this.hasEnded) return;
      if ((await this.begin()) !== null) this.options.regained();
    } catch (error) {
      log.error({ err: error }, 'no new life after the node number was lost; trying again');
      await this.pause(TRY_AGAIN);
      if (!this.hasEnded) void this.restart();
    }
  }

  private pause(ms: number): Promise<void> {
    return new Promise((resolve) => this.options.clock.after(ms, resolve));
  }
}
