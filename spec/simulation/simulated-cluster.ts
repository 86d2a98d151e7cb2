import type { Config } from '../../src/runtime/config/config.ts';
import { loadConfig } from '../../src/runtime/config/load-config.ts';
import { Metrics } from '../../src/runtime/metrics/metrics.ts';
import { SimulatedKafka } from './kafka/simulated-kafka.ts';
import type { Projector } from './projector.ts';
import { SimulatedRedis } from './redis/simulated-redis.ts';
import type { SimulatedBackend } from './simulated-backend.ts';
import type { Balancer } from './simulated-client.ts';
import { type Ground, SimulatedNode } from './simulated-node.ts';
import type { VirtualTime } from './virtual-time.ts';

const SETTINGS: Readonly<Record<string, string>> = {
  HOLDFAST_REDIS_URL: 'redis://simulated:6379',
  HOLDFAST_CLUSTER_LEASE_TTL: '4s',
  HOLDFAST_ENGINE_PING_INTERVAL: '3s',
  HOLDFAST_ENGINE_PING_TIMEOUT: '4s',
  HOLDFAST_DRAIN_TIMEOUT: '5s',
};

const PARTITIONS = 4;

/** What carries the logs and the letters. */
export type SimulatedBus = 'redis' | 'kafka';

let basis: Config | null = null;

/** The same for all simulations: reading it takes longer than many events. */
function settings(): Config {
  if (basis !== null) return basis;
  const loaded = loadConfig({
    role: 'gateway',
    flags: { values: [], problems: [] },
    environment: SETTINGS,
    file: null,
  });
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.problems));
  basis = loaded.config;
  return basis;
}

/** Gateways and API nodes over one Redis, with Kafka or without. */
export class SimulatedCluster {
  readonly redis: SimulatedRedis;
  /** Null when Redis carries the logs as well. */
  readonly kafka: SimulatedKafka | null;
  readonly gateways: readonly SimulatedNode[];
  readonly apis: readonly SimulatedNode[];
  /** When each socket joined its room first. */
  readonly joinedAt = new Map<string, number>();
  private readonly time: VirtualTime;

  constructor(
    time: VirtualTime,
    backend: SimulatedBackend,
    size: { readonly gateways: number; readonly apis: number },
    bus: SimulatedBus,
    projector: Projector | null = null,
  ) {
    this.time = time;
    this.redis = new SimulatedRedis(time);
    this.kafka = bus === 'kafka' ? new SimulatedKafka(time) : null;
    const ground: Ground = {
      time,
      redis: this.redis,
      kafka: this.kafka,
      peerDoors: new Map(),
      backendOf: (process) => backend.callerOf(process),
      joined: (socket) => this.joinedAt.set(socket, this.joinedAt.get(socket) ?? time.now()),
      metrics: new Metrics(),
      projector,
    };
    const basis = settings();
    const brokers = this.kafka?.addresses ?? [];
    const config: Config = { ...basis, kafka: { ...basis.kafka, brokers, partitions: PARTITIONS } };
    this.gateways = Array.from({ length: size.gateways }, (_, index) => {
      const at = { host: '127.0.0.1', port: 8000 + index };
      const clients = { ...config.clients, listen: at };
      const cluster = {
        ...config.cluster,
        advertise: `10.0.0.${index}`,
        listen: { host: '0.0.0.0', port: 7000 },
      };
      return new SimulatedNode(`gateway ${index + 1}`, 'gateway', { ...config, clients, cluster }, ground);
    });
    this.apis = Array.from({ length: size.apis }, (_, index) => {
      const at = { host: '127.0.0.1', port: 9000 + index };
      const push = { ...config.push, listen: at };
      return new SimulatedNode(`api ${index + 1}`, 'api', { ...config, push }, ground);
    });
  }

  get nodes(): readonly SimulatedNode[] {
    return [...this.gateways, ...this.apis];
  }

  get isReady(): boolean {
    return this.nodes.every((node) => node.isReady);
  }

  /** Any gateway that answers its health check. */
  readonly balance: Balancer = () => {
    const open = this.gateways.filter(({ clients, isReady, process }) => {
      // A node that stands still is found out only after a while.
      return clients?.isOpen === true && (isReady || process.state === 'paused');
    });
    if (open.length === 0) return null;
    const { process, clients } = this.time.random.pick(open);
    return { process, door: clients! };
  };

  start(): void {
    for (const node of this.nodes) node.start();
  }
}
