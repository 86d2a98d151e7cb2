import { kafkaClient } from '../../src/adapters/kafka/kafka-client.ts';
import type { RedisClient } from '../../src/adapters/redis/redis-client.ts';
import type { ClusterBus } from '../../src/node/cluster-bus.ts';
import { Incarnations } from '../../src/node/incarnations.ts';
import { KafkaBus } from '../../src/node/kafka-bus.ts';
import { NodeLife } from '../../src/node/node-life.ts';
import { RedisBus } from '../../src/node/redis-bus.ts';
import type { Config } from '../../src/runtime/config/config.ts';
import { TimingWheel } from '../../src/runtime/machine/timing-wheel.ts';
import type { Metrics } from '../../src/runtime/metrics/metrics.ts';
import type { BackendCaller } from '../../src/runtime/ports/backend.ts';
import type { NodeRole } from '../../src/runtime/ports/lease-store.ts';
import type { Log } from '../../src/runtime/ports/log.ts';
import { ApiDoor } from './api-door.ts';
import { ClientDoor } from './client-door.ts';
import type { SimulatedKafka } from './kafka/simulated-kafka.ts';
import { simulatedKafkaClient } from './kafka/simulated-kafka-client.ts';
import type { Projector } from './projector.ts';
import type { SimulatedRedis } from './redis/simulated-redis.ts';
import { SimulatedRedisClient } from './redis/simulated-redis-client.ts';
import { type PeerDoor, SimulatedPeers } from './simulated-peers.ts';
import { SimulatedProcess } from './simulated-process.ts';
import type { VirtualTime } from './virtual-time.ts';
import { Way } from './way.ts';

/** What all nodes of a simulation share. */
export interface Ground {
  readonly time: VirtualTime;
  readonly redis: SimulatedRedis;
  /** Null when Redis carries the logs as well. */
  readonly kafka: SimulatedKafka | null;
  readonly peerDoors: Map<string, PeerDoor>;
  readonly backendOf: (process: SimulatedProcess) => BackendCaller;
  /** A socket has joined rooms. */
  readonly joined: (socket: string) => void;
  readonly metrics: Metrics;
  /** Films every connection of every node when it is there. */
  readonly projector: Projector | null;
}

const FLUSH_TIMEOUT = 10_000;

/** One node of the cluster, over and over: each start is a new process under the same name. */
export class SimulatedNode {
  readonly name: string;
  readonly role: NodeRole;
  /** To Redis. */
  readonly way: Way;
  readonly kafkaWay: Way;
  process: SimulatedProcess;
  /** Where clients, or pushers, reach it; null until it has begun. */
  clients: ClientDoor | null = null;
  api: ApiDoor | null = null;
  private readonly ground: Ground;
  private readonly config: Config;
  private life: NodeLife | null = null;
  private isStopped = true;

  constructor(name: string, role: NodeRole, config: Config, ground: Ground) {
    this.name = name;
    this.role = role;
    this.config = config;
    this.ground = ground;
    this.way = new Way(ground.time);
    this.kafkaWay = new Way(ground.time);
    this.process = new SimulatedProcess(name, ground.time);
  }

  get isReady(): boolean {
    return this.life?.phase() === 'ready' && !this.isStopped && this.process.state === 'running';
  }

  get hasStopped(): boolean {
    return this.isStopped;
  }

  start(): void {
    const { time, redis, kafka, peerDoors, backendOf, joined, metrics } = this.ground;
    const process = new SimulatedProcess(this.name, time);
    this.process = process;
    this.isStopped = false;
    const log = this.journal(process);
    const { clock } = process;
    const wheel = new TimingWheel(clock);
    const client = new SimulatedRedisClient(process, time, redis, this.way) as unknown as RedisClient;
    const parts = { clock, metrics, log };
    const bus: ClusterBus =
      kafka === null
        ? new RedisBus(this.config, parts, client)
        : new KafkaBus(
            this.config,
            parts,
            client,
            kafkaClient(
              this.config.kafka,
              log,
              clock,
              simulatedKafkaClient(process, time, kafka, this.kafkaWay),
            ),
          );
    const way = new Way(time);
    const { projector } = this.ground;
    const incarnations: Incarnations = new Incarnations({
      config: this.config,
      role: this.role,
      worker: 0,
      version: 'simulated',
      bus,
      clock,
      wheel,
      metrics,
      log,
      lost: () => life.tell('LEASE_LOST'),
      regained: () => life.tell('LEASE_REGAINED'),
      surroundings: {
        peerListener: (options) => ({
          listen: async (host, port) => {
            peerDoors.set(`${this.config.cluster.advertise}:${port}`, { process, options, way });
            return host === '' ? 0 : port;
          },
          close: () => {},
        }),
        peers: (options) => new SimulatedPeers(time, process, way, peerDoors, options),
        clients: (options) => {
          this.clients = new ClientDoor(options, process, joined);
          return this.clients;
        },
        api: (options) => {
          this.api = new ApiDoor(options, backendOf(process), time.random);
          return this.api;
        },
      },
    });
    if (projector !== null)
      incarnations.inspectorOf = (gateway, node) => projector.film(gateway, node, clock);
    const role = () => incarnations.role;
    const life: NodeLife = new NodeLife(
      wheel,
      clock,
      {
        holdsConnections: () => role()?.holdsConnections() ?? false,
        acceptConnections: () => role()?.accept(),
        stopAccepting: () => role()?.stopAccepting(),
        closePaced: async () => role()?.closePaced(),
        closeRest: () => role()?.closeRest(),
        flush: async () => role()?.flush(),
        exit: () => void incarnations.end().then(() => this.exited(process)),
        fault: (error) => log.error({ err: error }, 'internal error in the life of the node'),
      },
      this.config.drain.timeout,
      FLUSH_TIMEOUT,
    );
    this.life = life;
    void incarnations.begin().then((ports) => {
      if (ports === null) return;
      time.note(this.name, 'is ready');
      life.tell('LISTENING');
    });
  }

  kill(): void {
    this.exited(this.process);
  }

  drain(): void {
    this.life?.tell('DRAIN_REQUESTED');
  }

  private exited(process: SimulatedProcess): void {
    process.die();
    if (this.process !== process) return;
    this.isStopped = true;
    this.clients = null;
    this.api = null;
    this.way.cut();
    this.kafkaWay.cut();
  }

  private journal(process: SimulatedProcess): Log {
    const { time } = this.ground;
    const line = (level: string) => (fields: object, message: string) => {
      if (process.isDead || this.process !== process) return;
      const { err, ...rest } = fields as { err?: unknown };
      const why =
        err === undefined
          ? ''
          : ` (${err instanceof Error ? (level === 'error' ? err.stack : err.message) : String(err)})`;
      time.note(this.name, `${level}: ${message}${why} ${JSON.stringify(rest)}`);
    };
    const nothing = () => {};
    const log: Log = {
      follows: false,
      debug: nothing,
      info: nothing,
      warn: line('warn'),
      error: line('error'),
      child: () => log,
    };
    return log;
  }
}
