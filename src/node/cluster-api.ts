import { randomUUID } from 'node:crypto';
import type { Lease } from '../runtime/cluster/lease-keeper.ts';
import { DIRECTORY_REFRESH } from '../runtime/cluster/node-directory.ts';
import { Undertaker } from '../runtime/cluster/undertaker.ts';
import type { Config } from '../runtime/config/config.ts';
import { Dispatcher } from '../runtime/delivery/dispatcher.ts';
import type { Letter } from '../runtime/delivery/letter.ts';
import type { SnowflakeGenerator } from '../runtime/identity/snowflake.ts';
import { toDecimal } from '../runtime/identity/snowflake-decimal.ts';
import { COUNTER } from '../runtime/metrics/counter-slots.ts';
import type { Metrics } from '../runtime/metrics/metrics.ts';
import type { Clock } from '../runtime/ports/clock.ts';
import type { Log } from '../runtime/ports/log.ts';
import type { MailboxSubscription } from '../runtime/ports/mailbox.ts';
import type { Tracer } from '../runtime/trace/tracer.ts';
import type { BusSeat, ClusterBus } from './cluster-bus.ts';
import type { Ports } from './ports.ts';
import type { Role } from './role.ts';
import type { Surroundings } from './surroundings.ts';
import { SYSTEM_RANDOM } from './system-random.ts';

export interface ClusterApiOptions {
  readonly config: Config;
  readonly bus: ClusterBus;
  readonly seat: BusSeat;
  readonly lease: Lease;
  readonly snowflakes: SnowflakeGenerator;
  readonly clock: Clock;
  readonly metrics: Metrics;
  readonly log: Log;
  readonly surroundings: Surroundings;
  /** Absent when tracing is off. */
  readonly tracer?: Tracer | undefined;
}

/** How long nodes may take to answer an inquiry, ms. */
const ANSWER_TIMEOUT = 5_000;
/** How long (ms) calls on their way have when the number is lost: what is not settled then is called again by others. */
const LAST_CALLS = 1_000;
/** How long records in hand may take to be settled at the end, ms. */
const SETTLE_TIMEOUT = 8_000;

/** A node that speaks with backends, under one node number: takes their pushes, calls them, buries lost nodes. */
export class ClusterApi implements Role {
  readonly gateway = null;
  private readonly options: ClusterApiOptions;
  private readonly api: ReturnType<Surroundings['api']>;
  private readonly dispatcher: Dispatcher;
  private readonly undertaker: Undertaker;
  private mailbox: MailboxSubscription | null = null;
  private isClosed = false;
  private closeInlet: () => Promise<void> = async () => {};

  constructor(options: ClusterApiOptions) {
    this.options = options;
    const { config, bus, seat, lease, snowflakes, clock, metrics, log } = options;
    this.dispatcher = new Dispatcher({
      presence: seat.presence,
      mailbox: seat.mailbox,
      clock,
      node: lease.number,
      answerTimeout: ANSWER_TIMEOUT,
      absentees: bus.absentees,
      delays: metrics.deliveryDelay.dispatch,
      tracer: options.tracer,
    });
    this.api = options.surroundings.api({
      config,
      demo: null,
      dispatcher: this.dispatcher,
      upstreamLog: seat.upstreamLog,
      clock,
      random: SYSTEM_RANDOM,
      metrics,
      log,
      nextId: () => {
        snowflakes.next();
        return toDecimal(snowflakes.hi, snowflakes.lo);
      },
      dedup: bus.dedup,
      tracer: options.tracer,
      sharesLog: true,
    });
    this.undertaker = new Undertaker({
      leases: bus.leases,
      burial: bus.burial,
      upstreamLog: seat.upstreamLog,
      clock,
      log,
      owner: randomUUID(),
      ttl: config.cluster.leaseTtl,
      onLost: (sockets) => metrics.counters.add(COUNTER.socketsLost, sockets),
    });
  }

  get backend() {
    return this.api.backend;
  }

  get waiting(): number {
    return this.options.seat.waiting();
  }

  async start(): Promise<Partial<Ports>> {
    const { seat, lease } = this.options;
    this.mailbox = seat.mailbox.open(lease.number, (letter) => this.receive(letter));
    await this.mailbox.reading;
    await this.takeCensus();
    // Its number may have been lost meanwhile: it must not begin what nobody would end.
    if (this.isClosed) return {};
    this.api.startHearing();
    const ports = await this.api.listen();
    this.closeInlet = await seat.openInlet(this.dispatcher);
    this.undertaker.start();
    return ports;
  }

  expects(): boolean {
    return false;
  }

  accept(): void {}

  /** The ports stay open until what came in is answered. */
  stopAccepting(): void {}

  holdsConnections(): boolean {
    return false;
  }

  fence(): void {
    this.undertaker.stop();
  }

  unfence(): void {
    this.undertaker.start();
  }

  async closePaced(): Promise<void> {}

  closeRest(): void {}

  async flush(): Promise<void> {
    this.undertaker.stop();
    this.api.stopListening();
    await Promise.all([this.closeInlet(), this.api.stopHearing(SETTLE_TIMEOUT)]);
    await this.options.seat.upstreamLog.flush();
  }

  async close(): Promise<void> {
    this.isClosed = true;
    this.undertaker.stop();
    this.api.stopListening();
    await Promise.all([this.closeInlet(), this.api.stopHearing(LAST_CALLS), this.mailbox?.close()]);
    await this.api.close();
    await this.options.seat.leave();
  }

  async reloadCertificates(): Promise<void> {}

  conditions() {
    return { backend: this.api.condition() };
  }

  /**
   * What is sent to a socket that has moved, and to its room, goes by the same node only if this one knows of the move. So
   * it asks before it takes pushes, and is told of whoever moves from then on.
   */
  private async takeCensus(): Promise<void> {
    const { clock, log, config } = this.options;
    const pause = (ms: number) => new Promise<void>((resolve) => clock.after(ms, resolve));
    // Until every gateway has read of this node nobody would tell it.
    await pause(2 * DIRECTORY_REFRESH);
    const end = clock.now() + config.cluster.leaseTtl;
    while (!this.isClosed) {
      try {
        return await this.dispatcher.census();
      } catch (error) {
        // One that stands still is given up for dead by then.
        if (clock.now() >= end) return log.warn({ err: error }, 'a gateway did not say who lives there');
        await pause(DIRECTORY_REFRESH);
      }
    }
  }

  /** Nobody is connected here: only answers to questions of this node mean anything. */
  private receive(letter: Letter): void {
    if (letter.kind === 'answer' || letter.kind === 'fenced' || letter.kind === 'moved') {
      this.dispatcher.receive(letter);
    }
  }
}
