import { Kafka, logLevel } from 'kafkajs';
import { type KafkaSettings, kafkaClient } from '../../src/adapters/kafka/kafka-client.ts';
import { createTopics } from '../../src/adapters/kafka/topics.ts';
import { SystemClock } from '../../src/runtime/time/system-clock.ts';
import { SilentLog } from '../auth/silent-log.ts';
import { eventually } from '../contracts/contract.ts';
import { KafkaService } from '../support/services/kafka-service.ts';

/** Kafka for one file of tests: that of `KAFKA_BROKERS`, or one of our own. */
export class KafkaFixture {
  readonly settings: KafkaSettings;
  private readonly service: KafkaService | null;

  private constructor(brokers: string, service: KafkaService | null) {
    const sasl = { mechanism: 'none', username: '', password: '' } as const;
    this.settings = { brokers: brokers.split(','), tls: false, ca: '', sasl };
    this.service = service;
  }

  static async start(): Promise<KafkaFixture> {
    const given = process.env.KAFKA_BROKERS;
    if (given !== undefined) return new KafkaFixture(given, null);
    const service = await KafkaService.start();
    return new KafkaFixture(service.brokers, service);
  }

  /** Empty topics, and no group that remembers anything. */
  async reset(): Promise<void> {
    const admin = new Kafka({ brokers: [...this.settings.brokers], logLevel: logLevel.NOTHING }).admin();
    await admin.connect();
    try {
      const topics = (await admin.listTopics()).filter((topic) => /^(ws|holdfast)\./.test(topic));
      if (topics.length > 0) await admin.deleteTopics({ topics });
      await eventually(10_000, async () => {
        const left = (await admin.listTopics()).filter((topic) => topics.includes(topic));
        if (left.length > 0) throw new Error(`${left.join()} still exist`);
      });
      const { groups } = await admin.listGroups();
      await admin.deleteGroups(groups.map(({ groupId }) => groupId)).catch(() => {});
    } finally {
      await admin.disconnect();
    }
    const clock = new SystemClock();
    const client = kafkaClient(this.settings, new SilentLog(), clock);
    await createTopics(client, { partitions: 4, replication: 0 }, clock);
  }

  async close(): Promise<void> {
    await this.service?.close();
  }
}
