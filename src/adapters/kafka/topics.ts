import type { Admin, Kafka } from 'kafkajs';
import { HoldfastError } from '../../runtime/errors/holdfast-error.ts';
import type { Clock } from '../../runtime/ports/clock.ts';
import { kafkaFailure } from './kafka-client.ts';

export const UPSTREAM = 'ws.upstream';
export const DOWNSTREAM = 'ws.downstream';
export const DEAD_LETTERS = 'ws.downstream.dlq';
/** Letters between nodes, one partition each: nobody else's. */
export const MAILBOXES = 'holdfast.mailbox';

export interface TopicSettings {
  readonly partitions: number;
  /** 0: what the brokers have for default. */
  readonly replication: number;
}

/** Letters are of no use to anybody after this time, ms. */
const MAILBOX_RETENTION = 10 * 60_000;
const MAILBOX_PARTITIONS = 8;
/** How long (ms) new topics may take. */
const CREATE_WITHIN = 15_000;

/** Creates the topics that do not exist. Resolves with their names; rejects with `unavailable`. */
export async function createTopics(
  kafka: Kafka,
  settings: TopicSettings,
  clock: Pick<Clock, 'now' | 'after'>,
): Promise<string[]> {
  return withAdmin(kafka, async (admin) => {
    const existing = new Set(await admin.listTopics());
    const { partitions, replication } = settings;
    const replicationFactor = replication === 0 ? -1 : replication;
    const wanted = [
      { topic: UPSTREAM, numPartitions: partitions, replicationFactor },
      { topic: DOWNSTREAM, numPartitions: partitions, replicationFactor },
      { topic: DEAD_LETTERS, numPartitions: 1, replicationFactor },
      {
        topic: MAILBOXES,
        numPartitions: MAILBOX_PARTITIONS,
        replicationFactor,
        configEntries: [{ name: 'retention.ms', value: String(MAILBOX_RETENTION) }],
      },
    ].filter(({ topic }) => !existing.has(topic));
    if (wanted.length > 0) {
      // Another node may create them at the same time: what counts is that they are there.
      await admin.createTopics({ topics: wanted, waitForLeaders: false }).catch(() => {});
      const names = wanted.map(({ topic }) => topic);
      await untilLed(admin, names, clock);
    }
    return wanted.map(({ topic }) => topic);
  });
}

/** Sees to it that there is a mailbox partition of this number. */
export async function ensureMailbox(kafka: Kafka, partition: number): Promise<void> {
  await withAdmin(kafka, async (admin) => {
    const count = await mailboxPartitions(admin);
    if (partition < count) return;
    const wanted = Math.max(partition + 1, count * 2);
    await admin
      .createPartitions({ topicPartitions: [{ topic: MAILBOXES, count: wanted }] })
      .catch(async (error) => {
        if ((await mailboxPartitions(admin)) <= partition) throw error;
      });
  });
}

/** Offset of the next record of one partition. */
export async function endOffset(kafka: Kafka, topic: string, partition: number): Promise<string> {
  return withAdmin(kafka, async (admin) => {
    const offsets = await admin.fetchTopicOffsets(topic);
    return offsets.find((one) => one.partition === partition)?.high ?? '0';
  });
}

/** A new topic is known to the brokers one after the other; until then they say that there is none. */
async function untilLed(
  admin: Admin,
  names: readonly string[],
  clock: Pick<Clock, 'now' | 'after'>,
): Promise<void> {
  const deadline = clock.now() + CREATE_WITHIN;
  for (;;) {
    try {
      const { topics } = await admin.fetchTopicMetadata({ topics: [...names] });
      if (
        topics.every(
          ({ partitions }) => partitions.length > 0 && partitions.every(({ leader }) => leader >= 0),
        )
      )
        return;
    } catch (error) {
      if (clock.now() > deadline) throw error;
    }
    if (clock.now() > deadline) throw new HoldfastError('unavailable', 'new topics have no leader yet');
    await new Promise<void>((resolve) => clock.after(100, resolve));
  }
}

async function mailboxPartitions(admin: Admin): Promise<number> {
  const { topics } = await admin.fetchTopicMetadata({ topics: [MAILBOXES] });
  return topics[0]?.partitions.length ?? 0;
}

async function withAdmin<T>(kafka: Kafka, work: (admin: Admin) => Promise<T>): Promise<T> {
  const admin = kafka.admin();
  try {
    await admin.connect();
    return await work(admin);
  } catch (error) {
    throw kafkaFailure(error);
  } finally {
    await admin.disconnect().catch(() => {});
  }
}
