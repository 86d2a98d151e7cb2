import { Elsewhere } from '../adapters/uws/elsewhere.ts';
import type { PortUse } from '../adapters/uws/listen.ts';
import { FencedLog } from '../runtime/cluster/fenced-log.ts';
import type { Lease } from '../runtime/cluster/lease-keeper.ts';
import { sayOwnFarewell } from '../runtime/cluster/own-farewell.ts';
import { PresentFirstLog } from '../runtime/cluster/present-first-log.ts';
import { SessionLimit } from '../runtime/cluster/session-limit.ts';
import type { Config } from '../runtime/config/config.ts';
import { Dispatcher } from '../runtime/delivery/dispatcher.ts';
import type { Letter } from '../runtime/delivery/letter.ts';
import { gatewaySettings } from '../runtime/gateway-settings.ts';
import { SessionIds } from '../runtime/identity/session-id.ts';
import type { SnowflakeGenerator } from '../runtime/identity/snowflake.ts';
import { toDecimal } from '../runtime/identity/snowflake-decimal.ts';
import type { TimingWheel } from '../runtime/machine/timing-wheel.ts';
import { COUNTER } from '../runtime/metrics/counter-slots.ts';
import type { Metrics } from '../runtime/metrics/metrics.ts';
import type { Clock, TimerHandle } from '../runtime/ports/clock.ts';
import type { Log } from '../runtime/ports/log.ts';
import type { MailboxSubscription } from '../runtime/ports/mailbox.ts';
import type { UpstreamRecord } from '../runtime/ports/upstream-log.ts';
import { authenticatorFor } from './authenticator-for.ts';
import { backendCallerFor } from './backend-caller-for.ts';
import type { BusSeat, ClusterBus, ClusterKeys } from './cluster-bus.ts';
import { backendMetrics } from './node-metrics.ts';
import type { Ports } from './ports.ts';
import type { Role } from './role.ts';
import { SilenceableLog } from './silenceable-log.ts';
import { StagePresence } from './stage-presence.ts';
import type { Surroundings } from './surroundings.ts';
import { SYSTEM_RANDOM } from './system-random.ts';

export interface ClusterGatewayOptions {
  readonly config: Config;
  readonly bus: ClusterBus;
  readonly seat: BusSeat;
  readonly keys: ClusterKeys;
  /** Whether a client's token was revoked, by its id. */
  readonly isRevoked: (tokenId: string) => boolean;
  readonly lease: Lease;
  /** Whether the lease surely holds at this moment. */
  readonly holds: () => boolean;
  /** Whether it was lost because nobody knows of it any more. */
  readonly isForgotten: () => boolean;
  readonly snowflakes: SnowflakeGenerator;
  readonly clock: Clock;
  readonly wheel: TimingWheel;
  readonly metrics: Metrics;
  readonly log: Log;
  readonly portUse: PortUse;
  /** The first life of the process: its code is cold. */
  readonly isFirst: boolean;
  readonly surroundings: Surroundings;
}

/** How long other nodes may take to answer an inquiry, ms. */
const ANSWER_TIMEOUT = 5_000;
/** How often "last seen" of all sockets goes to Redis, ms; entries not seen for three times as long are swept. */
const TOUCH_EVERY = 60_000;

/** A node that holds client connections, under one node number. */
export class ClusterGateway implements Role {
  readonly backend = null;
  private readonly options: ClusterGatewayOptions;
  private readonly clients: ReturnType<Surroundings['clients']>;
  private readonly fencedLog: FencedLog;
  private readonly presentFirst: PresentFirstLog;
  private readonly presence: StagePresence;
  private readonly log: SilenceableLog;
  private readonly sessionLimit: SessionLimit | null;
  private readonly peers: ReturnType<Surroundings['peers']>;
  private readonly elsewhere: Elsewhere;
  private readonly caller: ReturnType<typeof backendCallerFor>;
  private mailbox: MailboxSubscription | null = null;
  private toucher: TimerHandle | null = null;
  /** Letters that came while the node was not sure of its lease. */
  private readonly unread: Letter[] = [];

  constructor(options: ClusterGatewayOptions) {
    this.options = options;
    const { config, bus, seat, keys, lease, snowflakes, clock, wheel, metrics, surroundings, isRevoked } =
      options;
    const log = new SilenceableLog(options.log);
    this.log = log;
    const node = lease.number;
    const { total: maxRecords, maxBytes } = config.backend.queue;
    const { refused } = this;
    this.presentFirst = new PresentFirstLog(seat.upstreamLog, { maxRecords, maxBytes, refused });
    const holds = () => options.holds() || options.isForgotten();
    this.fencedLog = new FencedLog(this.presentFirst, { maxRecords, maxBytes, holds });
    this.presence = new StagePresence(seat.presence, this.presentFirst, (socket) =>
      this.fencedLog.flush([socket]),
    );
    const dispatcher = new Dispatcher({
      presence: seat.presence,
      mailbox: seat.mailbox,
      clock,
      node,
      answerTimeout: ANSWER_TIMEOUT,
    });
    const limit = config.sessions.maxPerUser;
    this.sessionLimit =
      limit === 0
        ? null
        : new SessionLimit({
            registry: bus.sessions,
            events: bus.events,
            limit,
            gateway: () => this.gateway,
            onTrouble: (error) => log.debug({ err: error }, 'the session limit holds on this node only'),
          });
    const nextId = () => {
      snowflakes.next();
      return toDecimal(snowflakes.hi, snowflakes.lo);
    };
    this.caller = backendCallerFor(config, clock, log, metrics);
    const sessionIds = new SessionIds(keys.session);
    this.peers = surroundings.peers({
      addressOf: (number) => bus.directory.addressOf(number),
      key: keys.peers,
      self: node,
      moveTimeout: gatewaySettings(config).times.moveTimeout,
      log,
    });
    this.elsewhere = new Elsewhere({
      sessionIds,
      node,
      peers: this.peers,
      holds: options.holds,
      clock,
      upgradeTimeout: config.engine.upgradeTimeout,
      maxPayload: config.engine.maxPayload,
      gateway: () => this.gateway,
    });
    this.clients = surroundings.clients({
      config,
      elsewhere: this.elsewhere,
      node,
      clock,
      wheel,
      log,
      metrics,
      snowflakes,
      peers: this.peers,
      others: {
        incarnation: (number) => bus.directory.get(number),
        writers: () => bus.directory.writers(),
      },
      sessionIds,
      upstreamLog: this.fencedLog,
      mailbox: seat.mailbox,
      presence: this.presence,
      dispatcher,
      isRevoked,
      authenticator: authenticatorFor(config, {
        isRevoked,
        caller: this.caller,
        nextId,
        clock,
        random: SYSTEM_RANDOM,
        log,
        metrics: backendMetrics(metrics),
      }),
      ...(this.sessionLimit === null ? {} : { sessionWatch: this.sessionLimit }),
    });
  }

  get gateway() {
    return this.clients.gateway;
  }

  async start(): Promise<Partial<Ports>> {
    const { config, isFirst, seat, lease, clock, portUse } = this.options;
    if (config.engine.rehearsal && isFirst) await this.rehearse();
    this.mailbox = seat.mailbox.open(lease.number, (letter) => this.receive(letter));
    await this.mailbox.reading;
    this.sessionLimit?.start();
    this.toucher = clock.every(TOUCH_EVERY, () => void this.touch());
    return { clients: await this.clients.listen(portUse) };
  }

  expects(sid: string): boolean {
    return this.elsewhere.expects(sid);
  }

  accept(): void {
    this.clients.accept();
  }

  stopAccepting(): void {
    this.clients.stopAccepting();
  }

  holdsConnections(): boolean {
    return this.gateway.connections.size > 0;
  }

  fence(): void {
    this.fencedLog.shut();
  }

  unfence(): void {
    for (const letter of this.unread.splice(0)) this.carryOut(letter);
    this.fencedLog.open(this.refused);
  }

  closePaced(): Promise<void> {
    return this.clients.closePaced();
  }

  closeRest(): void {
    this.clients.close();
  }

  async flush(): Promise<void> {
    this.clients.stopListening();
    await this.fencedLog.flush();
  }

  /** What waits behind the fence is thrown away: others have said that these sessions ended, or nobody knew of them. */
  async close(): Promise<void> {
    const { clock, log, seat, lease, isForgotten } = this.options;
    this.presence.isOver = true;
    this.clients.stopAccepting();
    const { fencedLog, presentFirst, gateway, refused } = this;
    const farewell = { gateway, node: lease.number, fencedLog, presentFirst, refused, clock, log };
    const isSaid = isForgotten() ? sayOwnFarewell(farewell) : null;
    this.clients.close();
    if (this.toucher !== null) clock.cancel(this.toucher);
    this.sessionLimit?.stop();
    await isSaid;
    const lost = fencedLog.discard() + presentFirst.discard();
    if (lost > 0 && isSaid === null)
      log.error({ records: lost }, 'records of sessions that were given up for dead are lost');
    await Promise.all([this.mailbox?.close(), this.caller?.close(), this.peers.close()]);
    await seat.leave();
  }

  reloadCertificates(): Promise<void> {
    return this.clients.reloadCertificates();
  }

  conditions() {
    return {};
  }

  private readonly refused = (record: UpstreamRecord, error: unknown): void => {
    const { metrics, log } = this.options;
    metrics.counters.add(COUNTER.messagesDropped['backend queue']);
    log.error({ socket: record.key, kind: record.kind, err: error }, 'a record was not put on the bus');
  };

  /** A node that is not sure of its lease obeys nobody: its sessions may be declared dead, and others act on that. */
  private receive(letter: Letter): void {
    if (this.unread.length === 0 && this.options.holds()) this.carryOut(letter);
    else this.unread.push(letter);
  }

  /** A letter that cannot be carried out is the end of that letter only: others wait behind it. */
  private carryOut(letter: Letter): void {
    try {
      this.gateway.postbox.receive(letter);
    } catch (error) {
      this.options.metrics.counters.add(COUNTER.internalErrors);
      this.options.log.error({ err: error, letter: letter.kind }, 'a letter was not carried out');
    }
  }

  /** What happens in it is nobody's business: not the log's, not Redis', not the metrics'. */
  private async rehearse(): Promise<void> {
    const { fencedLog, presence, log } = this;
    const muted = (isMuted: boolean) => {
      fencedLog.isDeaf = isMuted;
      presence.isRehearsing = isMuted;
      log.isSilent = isMuted;
    };
    muted(true);
    try {
      await this.clients.rehearse();
    } finally {
      muted(false);
      const { counters } = this.options.metrics;
      log.debug({ connections: counters.connects }, 'rehearsed');
      this.options.metrics.clear();
    }
  }

  private async touch(): Promise<void> {
    const { seat, clock, log } = this.options;
    const { socketTable } = this.gateway;
    const now = clock.wallNow();
    try {
      await seat.presence.touch([...socketTable.ids()], now);
      await seat.presence.sweep(now - 3 * TOUCH_EVERY);
    } catch (error) {
      log.warn({ err: error }, '"last seen" of sockets was not refreshed');
    }
  }
}
