import { readFileSync } from 'node:fs';
import { Cluster, Redis, type RedisOptions } from 'ioredis';
import { HoldfastError } from '../../runtime/errors/holdfast-error.ts';
import { RepeatedLines } from '../../runtime/log/repeated-lines.ts';
import type { Clock } from '../../runtime/ports/clock.ts';
import type { Log } from '../../runtime/ports/log.ts';
import { type RedisAddress, redisAddress } from './redis-address.ts';
import { findTopology, type RedisTopology, type SharedOptions } from './redis-topology.ts';

export type RedisConnection = Redis | Cluster;

export interface RedisSettings {
  /**
   * `redis://user:password@host:port,host:port/0`, `rediss://` for TLS. The hosts are one server, sentinels, or nodes
   * of a Cluster: they are asked which.
   */
  readonly url: string;
  /** Name of the master that the sentinels watch; may be empty when they watch one only. */
  readonly master: string;
  /** PEM file with the certificates that are trusted; empty for the usual ones. */
  readonly ca: string;
  /** How long a command may take, ms. */
  readonly timeout: number;
}

export interface RedisClientOptions {
  readonly settings: RedisSettings;
  readonly clock: Clock;
  readonly log: Log;
  /** Told of every log line that is not written because there were too many like it. */
  readonly onHeldBack?: (() => void) | undefined;
  /** Time of one command in seconds, and why it failed; null when it did not. */
  readonly observe: (seconds: number, failure: HoldfastError | null) => void;
}

/** How long (ms) nothing may come on a connection that somebody waits for: a half-open link is cut then. */
const SILENCE = 5_000;
const RECONNECT_MAX = 2_000;

/**
 * Connections to Redis, single, behind Sentinels or a Cluster.
 *
 * Commands fail at once while there is no connection, and after `timeout` when there is one that does not answer:
 * nothing is kept to be sent twice. Commands of one tick leave in one write.
 */
export class RedisClient {
  /** Why there is no connection, for people; empty when there is one. */
  trouble = 'not reached yet';
  private readonly options: RedisClientOptions;
  private readonly address: RedisAddress;
  private topology: RedisTopology | null = null;
  /** For commands; null until it is known what answers. */
  private commands: RedisConnection | null = null;
  private readonly others = new Set<RedisConnection>();
  private readonly lines: RepeatedLines;
  private readonly readyListeners: (() => void)[] = [];
  private closed = false;

  constructor(options: RedisClientOptions) {
    this.options = options;
    this.address = redisAddress(options.settings.url);
    this.lines = new RepeatedLines(options.log, options.clock, { onHeldBack: options.onHeldBack });
    void this.open();
  }

  get isReady(): boolean {
    return this.commands?.status === 'ready';
  }

  /** Calls back whenever the connection for commands stands (again). */
  onReady(listener: () => void): void {
    this.readyListeners.push(listener);
    if (this.isReady) listener();
  }

  /** A connection of its own, for commands that block or subscribe. Close it by `drop`. */
  dedicated(purpose: 'blocking' | 'subscriber'): RedisConnection {
    // A blocking read is silent for as long as it blocks; its reader watches over it.
    const connection = this.connect(purpose === 'blocking' ? {} : { autoResubscribe: true });
    this.others.add(connection);
    return connection;
  }

  drop(connection: RedisConnection): void {
    this.others.delete(connection);
    connection.disconnect();
  }

  /** Runs commands; whatever fails becomes a `HoldfastError`. */
  async run<T>(work: (redis: RedisConnection) => Promise<T>): Promise<T> {
    if (this.closed) throw new HoldfastError('unavailable', 'the connection to Redis is closed');
    const { commands } = this;
    if (commands === null) throw new HoldfastError('unavailable', `Redis: ${this.trouble}`);
    const { clock, observe } = this.options;
    const start = clock.now();
    let failure: HoldfastError | null = null;
    try {
      return await work(commands);
    } catch (error) {
      failure = redisFailure(error);
      throw failure;
    } finally {
      observe((clock.now() - start) / 1000, failure);
    }
  }

  close(): void {
    this.closed = true;
    this.commands?.disconnect();
    for (const connection of this.others) connection.disconnect();
    this.others.clear();
  }

  /** Finds out what answers, however long nothing does, and connects to it. */
  private async open(): Promise<void> {
    const { clock, settings } = this.options;
    for (let tries = 1; !this.closed && this.topology === null; tries++) {
      try {
        this.topology = await findTopology(this.address, this.shared(), settings.master);
      } catch (error) {
        this.failed(error);
        await new Promise<void>((resolve) => clock.after(retryAfter(tries), resolve));
      }
    }
    if (this.closed) return;
    this.commands = this.connect({ commandTimeout: settings.timeout, enableAutoPipelining: true });
    this.commands.on('ready', () => {
      this.trouble = '';
      for (const listener of this.readyListeners) listener();
    });
  }

  private shared(): SharedOptions {
    const { isEncrypted, username, password } = this.address;
    const { ca } = this.options.settings;
    return {
      connectTimeout: 5_000,
      ...(username === '' ? {} : { username }),
      ...(password === '' ? {} : { password }),
      ...(isEncrypted ? { tls: ca === '' ? {} : { ca: readFileSync(ca) } } : {}),
    };
  }

  private connect(more: RedisOptions): RedisConnection {
    const { topology, address } = this;
    if (topology === null) throw new HoldfastError('unavailable', 'Redis was not reached yet');
    const options: RedisOptions = {
      ...this.shared(),
      maxRetriesPerRequest: 0,
      autoResendUnfulfilledCommands: false,
      keepAlive: 10_000,
      ...(more.commandTimeout === undefined ? {} : { socketTimeout: SILENCE }),
      // After a failover the old master answers READONLY until it is asked who the new one is.
      reconnectOnError: (error) => error.message.startsWith('READONLY'),
      enableOfflineQueue: false,
      retryStrategy: retryAfter,
      ...more,
    };
    const connection = connectTo(topology, address, options);
    connection.on('error', (error: Error) => this.failed(error));
    return connection;
  }

  private failed(error: unknown): void {
    if (this.closed) return;
    const message = error instanceof Error ? error.message : String(error);
    if (!this.isReady) this.trouble = message;
    this.lines.warn('redis', { error: message }, 'Redis cannot be reached');
  }
}

function connectTo(
  topology: RedisTopology,
  { hosts, database }: RedisAddress,
  options: RedisOptions,
): RedisConnection {
  switch (topology.kind) {
    case 'single':
      return new Redis({ ...options, ...hosts[0]!, db: database });
    case 'sentinel':
      return new Redis({
        ...options,
        sentinels: [...hosts],
        name: topology.master,
        db: database,
        failoverDetector: true,
        sentinelRetryStrategy: retryAfter,
        ...(options.tls === undefined ? {} : { sentinelTLS: options.tls, enableTLSForSentinelMode: true }),
        ...(topology.locked
          ? { sentinelUsername: options.username, sentinelPassword: options.password }
          : {}),
      });
    case 'cluster':
      return new Cluster([...hosts], {
        redisOptions: options,
        enableOfflineQueue: false,
        enableAutoPipelining: options.enableAutoPipelining === true,
        clusterRetryStrategy: retryAfter,
        slotsRefreshInterval: 5_000,
        shardedSubscribers: options.autoResubscribe === true,
        // What is not there at the moment is said at once, as with a single server.
        retryDelayOnClusterDown: 0,
        retryDelayOnFailover: 100,
      });
    default:
      return topology satisfies never;
  }
}

function retryAfter(times: number): number {
  return Math.min(times * 100, RECONNECT_MAX);
}

/** What went wrong, as everybody else knows it. */
export function redisFailure(error: unknown): HoldfastError {
  if (error instanceof HoldfastError) return error;
  const message = error instanceof Error ? error.message : String(error);
  if (message.includes('timed out')) {
    return new HoldfastError('deadline_exceeded', 'Redis did not answer in time', { cause: error });
  }
  return new HoldfastError('unavailable', `Redis: ${message}`, { cause: error });
}
