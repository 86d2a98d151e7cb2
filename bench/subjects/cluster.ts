import { fileURLToPath } from 'node:url';
import kafkajs from 'kafkajs';
import { KafkaService } from '../../spec/support/services/kafka-service.ts';
import { RedisService } from '../../spec/support/services/redis-service.ts';
import { STAGES } from '../../src/runtime/trail.ts';
import { freePorts, ServerProcess } from '../server-process.ts';
import { CountingProxy } from './counting-proxy.ts';
import { emitBy, receivedBy } from './holdfast.ts';
import { getText } from './json-client.ts';
import { histogramMean } from './metrics.ts';
import type { ClusterServer, Server, ServerSettings, Subject } from './subject.ts';

const MAIN = fileURLToPath(new URL('../../dist/main.js', import.meta.url));
const BACKEND = fileURLToPath(new URL('../servers/cluster-backend.mjs', import.meta.url));
/** Users that the backend deals out to connections. */
export const USERS = 200;

/** One gateway, one API node and a backend, with Redis, and Kafka where it carries the logs; all on this machine. */
export function cluster(name: 'cluster-kafka' | 'cluster-redis'): Subject {
  return { name, start: (settings) => start(name === 'cluster-kafka', settings) };
}

async function start(withKafka: boolean, settings: ServerSettings): Promise<Server> {
  const [redis, kafka] = await Promise.all([
    RedisService.start({ appendfsync: 'everysec' }),
    withKafka ? KafkaService.start('fast') : null,
  ]);
  const proxy = settings.countTrips ? await CountingProxy.start(redis.port) : null;
  const ports = (await freePorts(6)) as [number, number, number, number, number, number];
  const [clients, push, grpc, gatewayAdmin, apiAdmin, backendPort] = ports;
  const backend = new ServerProcess(BACKEND, [String(backendPort), String(USERS)], {});
  const bus = {
    'redis.url': redis.url,
    ...(kafka === null ? {} : { 'kafka.brokers': kafka.brokers }),
    'backend.url': `http://127.0.0.1:${backendPort}`,
    'auth.mode': 'backend',
    'log.level': 'warn',
    'kafka.partitions': '4',
  };
  const gateway = new ServerProcess(
    MAIN,
    [
      'gateway',
      ...flagsOf({
        ...bus,
        ...(proxy === null ? {} : { 'redis.url': `redis://127.0.0.1:${proxy.port}` }),
        'clients.listen': `127.0.0.1:${clients}`,
        'cluster.listen': '127.0.0.1:0',
        'admin.listen': `127.0.0.1:${gatewayAdmin}`,
        'engine.pingInterval': `${settings.pingInterval}ms`,
      }),
    ],
    {},
  );
  const api = new ServerProcess(
    MAIN,
    [
      'api',
      ...flagsOf({
        ...bus,
        'push.listen': `127.0.0.1:${push}`,
        'push.grpcListen': `127.0.0.1:${grpc}`,
        'admin.listen': `127.0.0.1:${apiAdmin}`,
      }),
    ],
    {},
  );
  const stop = async () => {
    await Promise.all([gateway.stop(), api.stop(), backend.stop()]);
    await Promise.all([proxy?.stop(), redis.close(), kafka?.close()]);
  };
  try {
    await Promise.all([backend.listening(backendPort), ready(gatewayAdmin), ready(apiAdmin)]);
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    process: gateway,
    port: clients,
    pushPort: push,
    adminPort: null,
    emit: (order) => emitBy(push, order),
    received: () => receivedBy(gatewayAdmin),
    losses: async () => null,
    ownLoopDelayP99: async () => null,
    cluster: parts(api, [gatewayAdmin, apiAdmin], kafka, proxy, stop),
  };
}

function parts(
  api: ServerProcess,
  admins: readonly number[],
  kafka: KafkaService | null,
  proxy: CountingProxy | null,
  stop: () => Promise<void>,
): ClusterServer {
  const texts = () => Promise.all(admins.map((admin) => getText(admin, '/metrics')));
  return {
    api,
    stop,
    async stageDelays() {
      const before = await texts();
      return async () => {
        const after = await texts();
        return Object.fromEntries(
          STAGES.map((stage) => [
            `in ${stage}`,
            1000 *
              histogramMean(
                before.join('\n'),
                after.join('\n'),
                'holdfast_delivery_delay_seconds',
                `stage="${stage}"`,
              ),
          ]),
        );
      };
    },
    redisTrips: proxy === null ? null : () => proxy.trips,
    inLog: kafka === null ? null : () => recordsIn(kafka.brokers),
  };
}

async function recordsIn(brokers: string): Promise<number> {
  const admin = new kafkajs.Kafka({ brokers: [brokers], logLevel: kafkajs.logLevel.NOTHING }).admin();
  await admin.connect();
  try {
    const offsets = await admin.fetchTopicOffsets('ws.upstream');
    return offsets.reduce((sum, { offset }) => sum + Number(offset), 0);
  } finally {
    await admin.disconnect();
  }
}

async function ready(admin: number): Promise<void> {
  const deadline = performance.now() + 60_000;
  for (;;) {
    const answer = await fetch(`http://127.0.0.1:${admin}/readyz`).catch(() => null);
    if (answer?.ok) return;
    if (performance.now() > deadline)
      throw new Error(`the node at admin port ${admin} does not become ready`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

function flagsOf(settings: Readonly<Record<string, string>>): string[] {
  return Object.entries(settings).flatMap(([key, value]) => [`--${key}`, value]);
}
