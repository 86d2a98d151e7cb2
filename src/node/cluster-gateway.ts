import { Elsewhere } from '../adapters/uws/elsewhere.ts';
import type { PortUse } from '../adapters/uws/listen.ts';
import { recordFacts } from '../runtime/backend/record-facts.ts';
import { FencedLog } from '../runtime/cluster/fenced-log.ts';
import { FencedMail } from '../runtime/cluster/fenced-mail.ts';
import type { Lease } from '../runtime/cluster/lease-keeper.ts';
import { sayOwnFarewell } from '../runtime/cluster/own-farewell.ts';
import { PresentFirstLog } from '../runtime/cluster/present-first-log.ts';
import { SessionLimit } from '../runtime/cluster/session-limit.ts';
import type { Config } from '../runtime/config/config.ts';
import { Dispatcher } from '../runtime/delivery/dispatcher.ts';
import { gatewaySettings } from '../runtime/gateway-settings.ts';
import { SessionIds } from '../runtime/identity/session-id.ts';
import type { SnowflakeGenerator } from '../runtime/identity/snowflake.ts';
import { toDecimal } from '../runtime/identity/snowflake-decimal.ts';
import type { RepeatedLines } from '../runtime/log/repeated-lines.ts';
import type { TimingWheel } from '../runtime/machine/timing-wheel.ts';
import { COUNTER } from '../runtime/metrics/counter-slots.ts';
import type { Metrics } from '../runtime/metrics/metrics.ts';
import type { Clock, TimerHandle } from '../runtime/ports/clock.ts';
import type { Log } from '../runtime/ports/log.ts';
import type { MailboxSubscription } from '../runtime/ports/mailbox.ts';
import type { UpstreamRecord } from '../runtime/ports/upstream-log.ts';
import { TracedUpstreamLog } from '../runtime/trace/traced-upstream-log.ts';
import type { Tracer } from '../runtime/trace/tracer.ts';
import { authenticatorFor } from './authenticator-for.ts';
import { backendCallerFor } from './backend-caller-for.ts';
import type { BusSeat, ClusterBus, ClusterKeys } from './cluster-bus.ts';
import { refreshLastSeen } from './last-seen.ts';
import { backendMetrics, countedLines } from './node-metrics.ts';
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
  /** Absent when tracing is off. */
  readonly tracer?: Tracer | undefined;
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
  /** What fails for one record or letter may fail for all that wait. */
  private readonly lines: RepeatedLines;
  private readonly sessionLimit: SessionLimit | null;
  private readonly peers: ReturnType<Surroundings['peers']>;
  private readonly elsewhere: Elsewhere;
  private readonly caller: ReturnType<typeof backendCallerFor>;
  private mailbox: MailboxSubscription | null = null;
  private toucher: TimerHandle | null = null;
  private readonly mail: FencedMail;

  constructor(options: ClusterGatewayOptions) {
    this.options = options;
    const { config, bus, seat, keys, lease, snowflakes, clock, wheel, metrics } = options;
    const { surroundings, isRevoked, tracer } = options;
    const log = new SilenceableLog(options.log);
    this.log = log;
    this.lines = countedLines(log, clock, metrics);
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
      lines: this.lines,
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
    this.mail = new FencedMail({
      holds: options.holds,
      carryOut: (letter) => this.gateway.postbox.receive(letter),
      failed: ({ kind }, error) => {
        metrics.counters.add(COUNTER.internalErrors);
        this.lines.error('letter', { err: error, letter: kind }, 'a letter was not carried out');
      },
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
      upstreamLog:
        tracer === undefined ? this.fencedLog : new TracedUpstreamLog(this.fencedLog, tracer, clock),
      tracer,
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
        tracer,
      }),
      ...(this.sessionLimit === null ? {} : { sessionWatch: this.sessionLimit }),
    });
  }

  get gateway() {
    return this.clients.gateway;
  }

  get waiting(): number {
    return this.fencedLog.size + this.presentFirst.size + this.options.seat.waiting();
  }

  async start(): Promise<Partial<Ports>> {
    const { config, isFirst, seat, lease, clock, portUse } = this.options;
    const { socketTable } = this.gateway;
    if (config.engine.rehearsal && isFirst) await this.rehearse();
    this.mailbox = seat.mailbox.open(lease.number, this.mail.receive);
    await this.mailbox.reading;
    this.sessionLimit?.start();
    this.toucher = clock.every(
      TOUCH_EVERY,
      () => void refreshLastSeen(seat.presence, socketTable, this.options, TOUCH_EVERY),
    );
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
    this.mail.open();
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
    const { clock, log, seat, lease, isForgotten, metrics } = this.options;
    const { counters } = metrics;
    this.presence.isOver = true;
    this.clients.stopAccepting();
    const { fencedLog, presentFirst, gateway, refused } = this;
    const farewell = { gateway, node: lease.number, fencedLog, presentFirst, refused, clock, log, counters };
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
    this.options.metrics.counters.add(COUNTER.messagesDropped['backend queue']);
    const facts = { ...recordFacts(record), err: error };
    this.lines.error('record', facts, 'a record was not put on the bus', record.socket);
  };

  /** What happens in it is nobody's business: not the log's, not Redis', not the metrics'. */
  private async rehearse(): Promise<void> {
    const { fencedLog, presence, log } = this;
    const muted = (isMuted: boolean) => {
      fencedLog.isDeaf = isMuted;
      presence.isRehearsing = isMuted;
      log.isSilent = isMuted;
      if (this.options.tracer !== undefined) this.options.tracer.isSilent = isMuted;
    };
    muted(true);
    try {
      await this.clients.rehearse();
    } finally {
      muted(false);
      log.debug({ connections: this.options.metrics.counters.connects }, 'rehearsed');
      this.options.metrics.clear();
    }
  }
}
