import { MemoryMailbox } from '../../src/adapters/memory/mailbox.ts';
import { MemoryPresence } from '../../src/adapters/memory/presence.ts';
import { MemoryUpstreamLog } from '../../src/adapters/memory/upstream-log.ts';
import { loadConfig } from '../../src/runtime/config/load-config.ts';
import type { Command, EmitCommand } from '../../src/runtime/delivery/command.ts';
import { Dispatcher } from '../../src/runtime/delivery/dispatcher.ts';
import type { Letter } from '../../src/runtime/delivery/letter.ts';
import { NOBODY, type Target } from '../../src/runtime/delivery/target.ts';
import { Gateway } from '../../src/runtime/gateway.ts';
import type { GatewayOptions } from '../../src/runtime/gateway-options.ts';
import { SESSION_KEY_BYTES, SessionIds } from '../../src/runtime/identity/session-id.ts';
import { SnowflakeGenerator } from '../../src/runtime/identity/snowflake.ts';
import { AddressLimits } from '../../src/runtime/limits/address-limits.ts';
import { TokenBuckets } from '../../src/runtime/limits/token-bucket.ts';
import { TimingWheel } from '../../src/runtime/machine/timing-wheel.ts';
import { COUNTER } from '../../src/runtime/metrics/counter-slots.ts';
import { Metrics } from '../../src/runtime/metrics/metrics.ts';
import type { Authenticator } from '../../src/runtime/ports/authenticator.ts';
import type { Log } from '../../src/runtime/ports/log.ts';
import type { UpstreamLog, UpstreamRecord } from '../../src/runtime/ports/upstream-log.ts';
import { SimulatedClock } from '../../src/runtime/time/simulated-clock.ts';
import { SeededRandom } from './seeded-random.ts';
import { SimulatedNetwork } from './simulated-network.ts';

export interface WorldOptions {
  readonly seed?: number;
  /** `heartbeat.adaptive` → `true` and so on, as flags would say it. */
  readonly settings?: Readonly<Record<string, string>>;
  readonly authenticator?: Authenticator;
  /** Stands between the gateway and the memory log. */
  readonly upstream?: (log: UpstreamLog) => UpstreamLog;
  /** Changes the gateway's parts before it is made. */
  readonly parts?: (options: GatewayOptions) => GatewayOptions;
}

export interface LogLine {
  readonly level: string;
  readonly message: string;
  readonly fields: Record<string, unknown>;
}

export const NODE = 7;

/** A whole gateway in virtual time, in one process and from one seed; everything around it is simulated. */
export class World {
  readonly clock = new SimulatedClock();
  readonly random: SeededRandom;
  readonly metrics = new Metrics();
  readonly presence = new MemoryPresence();
  readonly wheel: TimingWheel;
  readonly network: SimulatedNetwork;
  readonly dispatcher: Dispatcher;
  readonly gateway: Gateway;
  readonly maxBackpressure: number;
  /** What the backend heard, oldest first. */
  readonly records: UpstreamRecord[] = [];
  readonly log: LogLine[] = [];
  private readonly deferred: (() => void)[] = [];

  constructor(options: WorldOptions = {}) {
    const { clock, metrics, presence } = this;
    // Zero stands for "not behind" in the tables; a process is never that young.
    clock.advance(1000);
    this.random = new SeededRandom(options.seed ?? 1);
    const loaded = loadConfig({
      role: 'gateway',
      flags: { values: [], problems: [] },
      environment: environmentOf(options.settings ?? {}),
      file: null,
    });
    if (!loaded.ok) throw new Error(JSON.stringify(loaded.problems));
    const { config } = loaded;
    this.maxBackpressure = config.slowConsumer.maxBytes;
    this.wheel = new TimingWheel(clock, {
      onStall: () => metrics.counters.add(COUNTER.stallsForgiven),
    });
    this.network = new SimulatedNetwork(this.defer);
    const mailbox = new MemoryMailbox<Letter>();
    this.dispatcher = new Dispatcher({ presence, mailbox, clock, node: NODE, answerTimeout: 5_000 });
    const memory = new MemoryUpstreamLog({ clock, defer: this.defer });
    memory.consume((record, settle) => {
      this.records.push(record);
      settle();
    });
    const { connection, address } = config.limits;
    const parts: GatewayOptions = {
      config,
      node: NODE,
      clock,
      wheel: this.wheel,
      defer: this.defer,
      log: this.journal(),
      metrics,
      snowflakes: new SnowflakeGenerator({ clock, node: NODE }),
      sessionIds: new SessionIds(this.random.bytes(SESSION_KEY_BYTES)),
      upstreamLog: options.upstream?.(memory) ?? memory,
      mailbox,
      presence,
      dispatcher: this.dispatcher,
      publisher: this.network,
      authenticator: options.authenticator ?? null,
      addressLimits:
        address.connects + address.connections === 0 ? null : new AddressLimits({ clock, ...address }),
      messageLimits:
        connection.messages === 0
          ? null
          : new TokenBuckets({ clock, rate: connection.messages, burst: connection.burst }),
    };
    this.gateway = new Gateway(options.parts?.(parts) ?? parts);
    mailbox.open(NODE, (letter) => this.gateway.postbox.receive(letter));
    this.gateway.admission.start();
  }

  readonly defer = (callback: () => void): void => {
    this.deferred.push(callback);
  };

  /** Ends the tick: everything that was put off runs, and what that puts off. */
  tick(): void {
    for (let next = this.deferred.shift(); next !== undefined; next = this.deferred.shift()) next();
  }

  /** Lets virtual time pass; each callback is a tick of its own. */
  advance(ms: number): void {
    const until = this.clock.now() + ms;
    this.tick();
    while (this.clock.nextDue() <= until) {
      this.clock.runNext();
      this.tick();
    }
    this.clock.advance(until - this.clock.now());
  }

  /** The process stands still for `ms`, as in a long garbage collection or on a starved machine. */
  stall(ms: number): void {
    this.clock.stall(ms);
    this.tick();
  }

  /** Lets promises settle, and ends the tick. */
  async settle(): Promise<void> {
    for (let round = 0; round < 20; round++) await Promise.resolve();
    this.tick();
  }

  emit(to: Partial<Target>, event: string, args: readonly unknown[], more: Partial<EmitCommand> = {}): void {
    void this.dispatcher.emit(emitCommand(to, event, args, more));
  }

  emitWithAck(to: Partial<Target>, event: string, args: readonly unknown[], more: Partial<EmitCommand> = {}) {
    const ack = { timeout: 5_000, collect: 'answers' as const };
    return this.dispatcher.emitWithAck(emitCommand(to, event, args, { ack, ...more }));
  }

  perform(command: Omit<Exclude<Command, EmitCommand>, 'to' | 'except'> & AddressedPartly): Promise<number> {
    return this.dispatcher.perform({
      ...command,
      to: target(command.to),
      except: target(command.except ?? {}),
    } as Exclude<Command, EmitCommand>);
  }

  disconnects(reason: keyof typeof COUNTER.disconnects): number {
    return this.metrics.counters.values[COUNTER.disconnects[reason]]!;
  }

  dropped(reason: keyof typeof COUNTER.messagesDropped): number {
    return this.metrics.counters.values[COUNTER.messagesDropped[reason]]!;
  }

  stallsForgiven(): number {
    return this.metrics.counters.values[COUNTER.stallsForgiven]!;
  }

  /** What the backend heard of one kind. */
  heard<Kind extends UpstreamRecord['kind']>(kind: Kind): Extract<UpstreamRecord, { kind: Kind }>[] {
    return this.records.filter((record): record is Extract<UpstreamRecord, { kind: Kind }> => {
      return record.kind === kind;
    });
  }

  /** Why each closed socket was said to be gone, by its id. */
  farewells(): Record<string, string> {
    return Object.fromEntries(this.heard('disconnect').map(({ key, reason }) => [key, reason]));
  }

  private journal(): Log {
    const line = (level: string) => (fields: object, message: string) => {
      this.log.push({ level, message, fields: { ...fields } });
    };
    const log: Log = {
      follows: true,
      debug: line('debug'),
      info: line('info'),
      warn: line('warn'),
      error: line('error'),
      child: () => log,
    };
    return log;
  }
}

interface AddressedPartly {
  readonly to: Partial<Target>;
  readonly except?: Partial<Target>;
  readonly rooms?: readonly string[];
  readonly closeConnection?: boolean;
}

export function target(part: Partial<Target>): Target {
  return { ...NOBODY, ...part };
}

export function emitCommand(
  to: Partial<Target>,
  event: string,
  args: readonly unknown[],
  more: Partial<EmitCommand> = {},
): EmitCommand {
  return {
    kind: 'emit',
    to: target(to),
    except: NOBODY,
    namespace: '/',
    event,
    body: { args: JSON.stringify(args), attachments: [] },
    volatile: false,
    ack: null,
    ...more,
  };
}

function environmentOf(settings: Readonly<Record<string, string>>): Record<string, string> {
  const environment: Record<string, string> = {};
  for (const [key, value] of Object.entries(settings)) {
    const name = key.replaceAll('.', '_').replace(/[A-Z]/g, (letter) => `_${letter}`);
    environment[`HOLDFAST_${name.toUpperCase()}`] = value;
  }
  return environment;
}
