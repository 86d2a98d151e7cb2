import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { ask, next } from '../clients/client-socket.ts';
import { LIBRARIES } from '../clients/libraries.ts';
import { KafkaService } from '../support/services/kafka-service.ts';
import { RedisCluster } from '../support/services/redis-cluster.ts';
import { MASTER, RedisSentinels } from '../support/services/redis-sentinels.ts';
import { RedisService } from '../support/services/redis-service.ts';
import { startCluster } from './support/cluster.ts';
import { Member, type Settings } from './support/member.ts';
import { until } from './support/until.ts';

const CERTIFICATE = join(import.meta.dirname, '../support/certificates/first.crt');
const USER = 'holdfast';
/** What docs/deploy.md says are enough. The sentinels want no password. */
const RIGHTS = /^user holdfast on >secret (.+)$/m.exec(
  readFileSync(join(import.meta.dirname, '../../docs/deploy.md'), 'utf8'),
)![1]!;
const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

async function services(kind: 'cluster' | 'sentinels' | 'secure Kafka'): Promise<Settings> {
  switch (kind) {
    case 'cluster': {
      const redis = await RedisCluster.start();
      closing.push(() => redis.close());
      return { 'redis.url': redis.url };
    }
    case 'sentinels': {
      const redis = await RedisSentinels.start({ user: `${USER} on >secret ${RIGHTS}` });
      closing.push(() => redis.close());
      return { 'redis.url': redis.url.replace('://', `://${USER}:secret@`), 'redis.master': MASTER };
    }
    case 'secure Kafka': {
      const [redis, kafka] = await Promise.all([
        RedisService.start({ requirepass: 'secret' }),
        KafkaService.start(),
      ]);
      closing.push(() => redis.close());
      closing.push(() => kafka.close());
      return {
        'redis.url': redis.url.replace('://', '://:secret@'),
        'kafka.brokers': kafka.secureBrokers,
        'kafka.tls': 'true',
        'kafka.ca': CERTIFICATE,
        'kafka.sasl.mechanism': 'scram-sha-256',
        'kafka.sasl.username': 'ann',
        'kafka.sasl.password': 'secret',
      };
    }
  }
}

describe('two gateways and an API', () => {
  it.each([
    ['a Redis Cluster', 'cluster'],
    ['Redis behind sentinels, as a user of few rights', 'sentinels'],
    ['Kafka with TLS and a login, and Redis with a password', 'secure Kafka'],
  ] as const)('serve clients over %s', { timeout: 60_000 }, async (_, kind) => {
    const cluster = await startCluster({ gateways: 2, apis: 1, services: await services(kind) });
    closing.push(() => cluster.close());
    const [library] = LIBRARIES;
    const socket = library!.open(cluster.balancers.http, {
      user: 'ann',
      transports: ['polling', 'websocket'],
    });
    try {
      await next(socket, 'connect');
      expect(await ask(socket, 'message-with-ack', 'hello')).toEqual(['hello']);
      const heard = next(socket, 'news');
      await cluster.push('Emit', { to: { everyone: true }, event: 'news', args: ['all'] });
      expect(await heard).toEqual(['all']);
      expect(await cluster.push('CountSockets', { to: { everyone: true } })).toMatchObject({ sockets: 1 });
    } finally {
      socket.disconnect();
    }
  });
});

describe('a node that is not let in', () => {
  it('is not ready, and says which service refuses it and why', async () => {
    const right = await services('secure Kafka');
    const started = async (name: string, settings: Settings) => {
      const member = await Member.create('gateway', name, { ...right, ...settings, 'log.format': 'json' });
      closing.push(() => member.kill());
      member.spawn();
      return member;
    };
    const wrongRedis = await started('wrong at Redis', {
      'redis.url': right['redis.url']!.replace('secret', 'wrong'),
    });
    const wrongKafka = await started('wrong at Kafka', { 'kafka.sasl.password': 'wrong' });
    const refusals = [
      [wrongRedis, 'redis', 'WRONGPASS'],
      [wrongKafka, 'kafka', 'authentication failed'],
    ] as const;
    for (const [member, service, why] of refusals) {
      const detail = async () => {
        const said = await member.readiness();
        if (said?.ok !== false) return '';
        return (said.body as Said).dependencies[service]?.detail ?? '';
      };
      await until(async () => new RegExp(why, 'i').test(await detail()), 20_000);
      expect(await detail()).not.toContain('secret');
      expect(member.output).toMatch(new RegExp(why, 'i'));
      expect(member.isRunning).toBe(true);
    }
    const said = (await wrongKafka.readiness())?.body as Said;
    expect(said.dependencies.redis).toEqual({ ok: true, detail: 'connected' });
  }, 60_000);
});

interface Said {
  readonly dependencies: Readonly<Record<string, { readonly ok: boolean; readonly detail: string }>>;
}
