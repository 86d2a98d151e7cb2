import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { freePort } from './free-port.ts';
import { RedisService } from './redis-service.ts';

export const MASTER = 'holdfast-test';

/** A master, a replica of it, and one sentinel that makes the replica the master when the master is gone. */
export class RedisSentinels {
  readonly master: RedisService;
  readonly replica: RedisService;
  readonly port: number;
  private readonly folder: string;
  private readonly sentinel: ChildProcess;

  private constructor(master: RedisService, replica: RedisService, port: number, folder: string) {
    this.master = master;
    this.replica = replica;
    this.port = port;
    this.folder = folder;
    this.sentinel = spawn('redis-server', [join(folder, 'sentinel.conf'), '--sentinel'], { stdio: 'ignore' });
  }

  /** @param more settings of master and replica, as they stand in `redis.conf` */
  static async start(more: Readonly<Record<string, string>> = {}): Promise<RedisSentinels> {
    const master = await RedisService.start(more);
    const replica = await RedisService.start({ ...more, replicaof: `127.0.0.1 ${master.port}` });
    const port = await freePort();
    const folder = mkdtempSync(join(tmpdir(), 'holdfast-sentinel-'));
    writeFileSync(
      join(folder, 'sentinel.conf'),
      [
        `port ${port}`,
        'bind 127.0.0.1',
        `dir ${folder}`,
        `sentinel monitor ${MASTER} 127.0.0.1 ${master.port} 1`,
        `sentinel down-after-milliseconds ${MASTER} 1000`,
        `sentinel failover-timeout ${MASTER} 4000`,
        '',
      ].join('\n'),
    );
    const sentinels = new RedisSentinels(master, replica, port, folder);
    await sentinels.knowsReplica();
    return sentinels;
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  async close(): Promise<void> {
    this.sentinel.kill('SIGKILL');
    await Promise.all([this.master.close(), this.replica.close()]);
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** Without a replica that it knows it could promote none. */
  private async knowsReplica(): Promise<void> {
    const asked = new Redis({ port: this.port, maxRetriesPerRequest: null, retryStrategy: () => 50 });
    asked.on('error', () => {});
    try {
      for (;;) {
        const replicas = (await asked.call('SENTINEL', 'REPLICAS', MASTER)) as string[][];
        const flags = replicas[0]?.[replicas[0].indexOf('flags') + 1];
        const link = replicas[0]?.[replicas[0].indexOf('master-link-status') + 1];
        if (flags === 'slave' && link === 'ok') return;
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
    } finally {
      asked.disconnect();
    }
  }
}
