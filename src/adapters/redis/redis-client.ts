import { Cluster, Redis, type RedisOptions } from 'ioredis';
import { HoldfastError } from '../../runtime/errors/holdfast-error.ts';
import { RepeatedLines } from '../../runtime/log/repeated-lines.ts';
import type { Clock } from '../../runtime/ports/clock.ts';
import type { Log } from '../../runtime/ports/log.ts';

export type RedisConnection = Redis | Cluster;

export interface RedisSettings {
  /** `redis://` or `rediss://`, with user and password where needed. In Sentinel mode it names a sentinel. */
  readonly url: string;
  readonly mode: 'single' | 'sentinel' | 'cluster';
  /** More sentinels or cluster nodes, as `host:port`. */
  readonly nodes: readonly string[];
  /** Name of the master that the sentinels watch. */
  readonly master: string;
  /** How long a command may take, ms. */
  readonly timeout: number;
}

export interface RedisClientOptions {
  readonly settings: RedisSettings;
  readonly clock: Clock;
  readonly log: Log;
  /** Time of one command, in seconds. */
  readonly observe: (seconds: number) => void;
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
  /** For commands. */
  readonly redis: RedisConnection;
  private readonly options: RedisClientOptions;
  private readonly others = new Set<RedisConnection>();
  private readonly lines: RepeatedLines;
  private readonly readyListeners: (() => void)[] = [];
  private closed = false;

  constructor(options: RedisClientOptions) {
    this.options = options;
    this.lines = new RepeatedLines(options.log, options.clock, {});
    this.redis = this.connect({ commandTimeout: options.settings.timeout, enableAutoPipelining: true });
    this.redis.on('ready', () => {
      for (const listener of this.readyListeners) listener();
    });
  }

  get isReady(): boolean {
    return this.redis.status === 'ready';
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
    const { clock, observe } = this.options;
    const start = clock.now();
    try {
      return await work(this.redis);
    } catch (error) {
      throw redisFailure(error);
    } finally {
      observe((clock.now() - start) / 1000);
    }
  }

  close(): void {
    this.closed = true;
    for (const connection of [this.redis, ...this.others]) connection.disconnect();
    this.others.clear();
  }

  private connect(more: RedisOptions): RedisConnection {
    const { settings } = this.options;
    const url = new URL(settings.url);
    const shared: RedisOptions = {
      connectTimeout: 5_000,
      maxRetriesPerRequest: 0,
      autoResendUnfulfilledCommands: false,
      keepAlive: 10_000,
      ...(more.commandTimeout === undefined ? {} : { socketTimeout: SILENCE }),
      ...(url.username === '' ? {} : { username: decodeURIComponent(url.username) }),
      ...(url.password === '' ? {} : { password: decodeURIComponent(url.password) }),
      ...(url.protocol === 'rediss:' ? { tls: {} } : {}),
      // After a failover the old master answers READONLY until it is asked who the new one is.
      reconnectOnError: (error) => error.message.startsWith('READONLY'),
      ...more,
    };
    const at = [{ host: hostOf(url), port: Number(url.port || 6379) }, ...settings.nodes.map(addressOf)];
    const retryStrategy = (times: number) => Math.min(times * 100, RECONNECT_MAX);
    const connection =
      settings.mode === 'cluster'
        ? new Cluster(at, {
            redisOptions: shared,
            enableOfflineQueue: false,
            ...(more.enableAutoPipelining === true ? { enableAutoPipelining: true } : {}),
            clusterRetryStrategy: retryStrategy,
            slotsRefreshInterval: 5_000,
            shardedSubscribers: more.autoResubscribe === true,
          })
        : new Redis({
            ...shared,
            ...(settings.mode === 'sentinel'
              ? {
                  sentinels: at,
                  name: settings.master,
                  failoverDetector: true,
                  sentinelRetryStrategy: retryStrategy,
                  sentinelPassword: shared.password,
                }
              : { ...at[0]!, db: Number(url.pathname.slice(1) || 0) }),
            enableOfflineQueue: false,
            retryStrategy,
          });
    connection.on('error', (error: Error) => {
      if (!this.closed) this.lines.warn('redis', { error: error.message }, 'Redis cannot be reached');
    });
    return connection;
  }
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

function hostOf(url: URL): string {
  return url.hostname.replace(/^\[|\]$/g, '');
}

function addressOf(text: string): { host: string; port: number } {
  const colon = text.lastIndexOf(':');
  return { host: text.slice(0, colon), port: Number(text.slice(colon + 1)) };
}
