import { Redis } from 'ioredis';
import { freePort } from './free-port.ts';
import { RedisService } from './redis-service.ts';

const NODES = 3;
const SLOTS = 16_384;

/** A Redis Cluster of three masters. */
export class RedisCluster {
  readonly nodes: readonly RedisService[];

  private constructor(nodes: readonly RedisService[]) {
    this.nodes = nodes;
  }

  static async start(): Promise<RedisCluster> {
    const nodes: RedisService[] = [];
    const buses: number[] = [];
    for (let i = 0; i < NODES; i++) {
      buses.push(await freePort());
      nodes.push(
        await RedisService.start({
          'cluster-enabled': 'yes',
          'cluster-port': String(buses[i]),
          'cluster-node-timeout': '2000',
          'cluster-announce-ip': '127.0.0.1',
        }),
      );
    }
    const connections = nodes.map(({ port }) => new Redis({ port }));
    try {
      for (const [i, connection] of connections.entries()) {
        const [from, to] = [i, i + 1].map((n) => Math.floor((SLOTS * n) / NODES)) as [number, number];
        await connection.call('CLUSTER', 'ADDSLOTSRANGE', String(from), String(to - 1));
        await connection.call('CLUSTER', 'SET-CONFIG-EPOCH', String(i + 1));
        if (i > 0) {
          const { port } = nodes[i]!;
          await connections[0]!.call('CLUSTER', 'MEET', '127.0.0.1', String(port), String(buses[i]));
        }
      }
      for (const connection of connections) await untilWhole(connection);
    } finally {
      for (const connection of connections) connection.disconnect();
    }
    return new RedisCluster(nodes);
  }

  get url(): string {
    return `redis://${this.nodes.map(({ port }) => `127.0.0.1:${port}`).join(',')}`;
  }

  async close(): Promise<void> {
    await Promise.all(this.nodes.map((node) => node.close()));
  }
}

async function untilWhole(connection: Redis): Promise<void> {
  for (;;) {
    const info = String(await connection.call('CLUSTER', 'INFO'));
    if (info.includes('cluster_state:ok') && info.includes(`cluster_known_nodes:${NODES}`)) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
