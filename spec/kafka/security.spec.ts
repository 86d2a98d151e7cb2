import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { kafkaClient, kafkaFailure } from '../../src/adapters/kafka/kafka-client.ts';
import { SystemClock } from '../../src/runtime/time/system-clock.ts';
import { SilentLog } from '../auth/silent-log.ts';
import { KafkaService } from '../support/services/kafka-service.ts';

const CERTIFICATE = join(import.meta.dirname, '../support/certificates/first.crt');
const UNTRUSTED = join(import.meta.dirname, '../support/certificates/second.crt');

describe('Kafka with TLS and a login', () => {
  let kafka: KafkaService;
  beforeAll(async () => {
    kafka = await KafkaService.start();
  });
  afterAll(() => kafka.close());

  const brokersSeen = async (
    mechanism: 'plain' | 'scram-sha-256' | 'scram-sha-512',
    password: string,
    ca = CERTIFICATE,
  ) => {
    const sasl = Object.freeze({ mechanism, username: 'ann', password });
    const admin = kafkaClient(
      { brokers: [kafka.secureBrokers], tls: true, ca, sasl },
      new SilentLog(),
      new SystemClock(),
    ).admin({
      retry: { retries: 0 },
    });
    try {
      await admin.connect();
      return (await admin.describeCluster()).brokers.map(({ host, port }) => `${host}:${port}`);
    } catch (error) {
      throw kafkaFailure(error);
    } finally {
      await admin.disconnect().catch(() => {});
    }
  };

  it.each(['plain', 'scram-sha-256', 'scram-sha-512'] as const)(
    'lets in who logs in by %s',
    async (mechanism) => {
      expect(await brokersSeen(mechanism, 'secret')).toEqual([kafka.secureBrokers]);
    },
  );

  it.each(['plain', 'scram-sha-256'] as const)(
    'says of a wrong password by %s that it is wrong',
    async (mechanism) => {
      await expect(brokersSeen(mechanism, 'wrong')).rejects.toMatchObject({
        code: 'unavailable',
        message: expect.stringMatching(/authentication failed/i),
      });
    },
  );

  it('is not spoken to under a certificate that is not trusted', async () => {
    await expect(brokersSeen('plain', 'secret', UNTRUSTED)).rejects.toMatchObject({
      message: expect.stringMatching(/certificate/),
    });
  });
});
