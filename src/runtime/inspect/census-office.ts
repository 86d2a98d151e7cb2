import { CONNECTION } from '../../machines/connection.ts';
import { NODE } from '../../machines/node.ts';
import { SOCKET } from '../../machines/socket.ts';
import { HoldfastError } from '../errors/holdfast-error.ts';
import type { Gateway } from '../gateway.ts';
import type { Census, CensusFilter, CensusOffice, MachineCensus, MachineChart } from '../ports/census.ts';
import type { Clock, TimerHandle } from '../ports/clock.ts';
import type { Strange } from '../ports/strange.ts';
import { checkFilter } from './census-filter.ts';
import { CensusTaker, isUnfiltered, nobody } from './census-taker.ts';
import { type ConstantDelays, chartOf } from './machine-chart.ts';
import { findStrange } from './strange-finder.ts';

export interface LiveCensusOfficeOptions {
  /** The gateway of this moment; null while there is none, and where there never is one. */
  readonly gateway: () => Gateway | null;
  /** Whether this process runs the machines of connections and sockets at all. */
  readonly holdsConnections: boolean;
  /** What this node is called at the moment: its number; empty while it has none. */
  readonly node: () => string;
  readonly life: { census(): MachineCensus; readonly delays: ConstantDelays };
  readonly clock: Clock;
  /** The timing wheel, as the gateway's: stands still while this process does. */
  readonly patience: Pick<Clock, 'now'>;
}

/** Between two counts for those who follow, ms: a little below half a second, so that a late timer is no harm. */
const PERIOD = 450;
/** Followers at once. */
const MOST_FOLLOWERS = 32;
/** Arrows are counted for so long after somebody asked once, ms: those who ask again have their answer at once. */
const LINGER = 10_000;
/** What a first answer waits to have rates at all, ms. */
const FIRST_RATES = 500;

/** Followers of one filter share what is counted for it. */
interface Audience {
  readonly filter: CensusFilter;
  readonly receivers: Set<(census: Census) => void>;
  isCounting: boolean;
}

export class LiveCensusOffice implements CensusOffice {
  private readonly options: LiveCensusOfficeOptions;
  private readonly audiences = new Map<string, Audience>();
  private followers = 0;
  private taker: CensusTaker | null = null;
  private timer: TimerHandle | null = null;
  private wantedUntil = 0;
  private looking: Promise<Strange> | null = null;

  constructor(options: LiveCensusOfficeOptions) {
    this.options = options;
  }

  charts(): readonly MachineChart[] {
    const { holdsConnections, gateway, life } = this.options;
    const node = chartOf(NODE.machine, life.delays);
    if (!holdsConnections) return [node];
    const current = gateway();
    return [
      chartOf(CONNECTION.machine, current?.runner.constantDelays() ?? {}),
      chartOf(SOCKET.machine, current?.sockets.machine.constantDelays() ?? {}),
      node,
    ];
  }

  async take(filter: CensusFilter): Promise<Census> {
    this.check(filter);
    if (isUnfiltered(filter)) {
      const { clock } = this.options;
      this.wantedUntil = clock.now() + LINGER;
      const isFirst = this.current()?.isMetering === false;
      this.run();
      if (isFirst) {
        await new Promise<void>((resolve) => clock.after(FIRST_RATES, resolve));
        this.current()?.readMeters();
      }
    }
    return this.count(filter);
  }

  follow(filter: CensusFilter, receive: (census: Census) => void): (() => void) | null {
    this.check(filter);
    if (this.followers >= MOST_FOLLOWERS) return null;
    this.followers++;
    const key = JSON.stringify(Object.entries(filter).sort());
    const audience = this.audiences.get(key) ?? { filter, receivers: new Set(), isCounting: false };
    this.audiences.set(key, audience);
    audience.receivers.add(receive);
    this.run();
    void this.serve(audience, [receive]);
    return () => {
      if (!audience.receivers.delete(receive)) return;
      this.followers--;
      if (audience.receivers.size === 0) this.audiences.delete(key);
    };
  }

  /** Those who ask while it is being looked for share the answer. */
  strange(): Promise<Strange> {
    this.looking ??= this.look().finally(() => {
      this.looking = null;
    });
    return this.looking;
  }

  private async look(): Promise<Strange> {
    const { gateway, node, clock, patience } = this.options;
    const current = gateway();
    if (current !== null) return { node: node(), ...(await findStrange(current, clock, patience)) };
    return { node: node(), time: clock.wallNow(), overdue: [], loops: [], backoff: [], slow: [] };
  }

  private check(filter: CensusFilter): void {
    checkFilter(filter);
    const own = this.options.node();
    if (filter.node === undefined || filter.node === own) return;
    throw new HoldfastError('not_found', `node: ${JSON.stringify(filter.node.slice(0, 60))} is not this one`);
  }

  /** Sees to it that things are counted now and then for as long as anybody wants them to be. */
  private run(): void {
    this.current()?.readMeters();
    this.timer ??= this.options.clock.every(PERIOD, () => this.tick());
  }

  private tick(): void {
    if (this.followers === 0 && this.options.clock.now() >= this.wantedUntil) {
      this.options.clock.cancel(this.timer!);
      this.timer = null;
      this.taker?.metersOff();
      return;
    }
    this.current()?.readMeters();
    for (const audience of this.audiences.values()) void this.serve(audience, audience.receivers);
  }

  /** A count that takes longer than a period is not begun a second time. */
  private async serve(audience: Audience, receivers: Iterable<(census: Census) => void>): Promise<void> {
    if (audience.isCounting) return;
    audience.isCounting = true;
    try {
      const census = await this.count(audience.filter);
      for (const receive of receivers) if (audience.receivers.has(receive)) receive(census);
    } finally {
      audience.isCounting = false;
    }
  }

  private async count(filter: CensusFilter): Promise<Census> {
    const { clock, life, node } = this.options;
    const taker = this.current();
    const whole = isUnfiltered(filter);
    const counted = taker === null ? nobody(!whole) : whole ? taker.everyone() : await taker.matching(filter);
    const { total, connection, socket } = counted;
    const own = life.census();
    return {
      time: clock.wallNow(),
      node: node(),
      total,
      machines: { connection, socket, node: whole ? own : { ...own, arrows: null } },
    };
  }

  /** For the gateway of this moment: a node that lost its number has another one. */
  private current(): CensusTaker | null {
    const gateway = this.options.gateway();
    if (this.taker?.gateway !== gateway) {
      this.taker?.metersOff();
      this.taker = gateway === null ? null : new CensusTaker(gateway, this.options.clock);
    }
    return this.taker;
  }
}
