import {
  type RedisClient,
  type RedisConnection,
  redisFailure,
} from '../../../src/adapters/redis/redis-client.ts';
import { HoldfastError } from '../../../src/runtime/errors/holdfast-error.ts';
import type { SimulatedProcess } from '../simulated-process.ts';
import type { VirtualTime } from '../virtual-time.ts';
import type { Way } from '../way.ts';
import { SimulatedConnection } from './simulated-connection.ts';
import type { SimulatedRedis } from './simulated-redis.ts';

const COMMAND_TIMEOUT = 2_000;

/** What the adapters know as their client of Redis, over a simulated network. */
export class SimulatedRedisClient implements Pick<RedisClient, keyof RedisClient> {
  trouble = '';
  private readonly open: (timeout: number) => SimulatedConnection;
  private readonly commands: SimulatedConnection;
  private readonly others = new Set<SimulatedConnection>();
  private closed = false;

  constructor(process: SimulatedProcess, time: VirtualTime, redis: SimulatedRedis, way: Way) {
    this.open = (timeout) => new SimulatedConnection(process, time, redis, way, timeout);
    this.commands = this.open(COMMAND_TIMEOUT);
  }

  get isReady(): boolean {
    return this.commands.status === 'ready';
  }

  onReady(listener: () => void): void {
    this.commands.on('ready', listener);
    if (this.isReady) listener();
  }

  dedicated(): RedisConnection {
    const connection = this.open(0);
    this.others.add(connection);
    return connection as unknown as RedisConnection;
  }

  drop(connection: RedisConnection): void {
    const other = connection as unknown as SimulatedConnection;
    this.others.delete(other);
    other.disconnect();
  }

  async run<T>(work: (redis: RedisConnection) => Promise<T>): Promise<T> {
    if (this.closed) throw new HoldfastError('unavailable', 'the connection to Redis is closed');
    try {
      return await work(this.commands as unknown as RedisConnection);
    } catch (error) {
      throw redisFailure(error);
    }
  }

  close(): void {
    this.closed = true;
    this.commands.disconnect();
    for (const one of this.others) one.disconnect();
  }
}
