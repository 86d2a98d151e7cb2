import type { Message } from 'kafkajs';

type PerPartition = Readonly<Record<string, readonly Message[]>>;

interface Failure extends Error {
  readonly type?: string;
  readonly retriable?: boolean;
  readonly host?: string;
  readonly port?: number;
}

interface TopicData {
  readonly topic: string;
  readonly partitions: {
    readonly partition: number;
    readonly messages: readonly Message[];
    firstSequence?: number;
  }[];
}

interface Broker {
  produce(request: object): Promise<{
    readonly topics: readonly { readonly topicName: string; readonly partitions: readonly object[] }[];
  }>;
}

/** Parts of the library that a producer has. */
export interface ProducerParts {
  readonly logger: { error(message: string, fields: object): void };
  readonly cluster: {
    refreshMetadataIfNecessary(): Promise<void>;
    refreshMetadata(): Promise<void>;
    addMultipleTargetTopics(topics: readonly string[]): Promise<void>;
    findTopicPartitionMetadata(topic: string): readonly object[];
    findLeaderForPartitions(topic: string, partitions: readonly number[]): Record<string, number[]>;
    findBroker(which: { nodeId: string }): Promise<Broker>;
    removeBroker(which: { host?: string | undefined; port?: number | undefined }): void;
    isConnected(): boolean;
    connect(): Promise<void>;
  };
  readonly partitioner: (one: object) => number;
  readonly eosManager: {
    acquireBrokerLock(broker: Broker): Promise<void>;
    releaseBrokerLock(broker: Broker): Promise<void>;
    getSequence(topic: string, partition: number): number;
    updateSequence(topic: string, partition: number, increment: number): void;
    getProducerId(): unknown;
    getProducerEpoch(): unknown;
  };
  readonly retrier: <T>(
    work: (bail: (error: unknown) => void, retryCount: number, retryTime: number) => Promise<T>,
  ) => Promise<T>;
}

/** Parts that all of the library shares. */
export interface SendingParts {
  readonly groupMessagesPerPartition: (grouping: object) => PerPartition;
  readonly MetadataNotLoaded: new (message: string) => Error;
  readonly staleMetadata: (error: Failure) => boolean;
}

export interface Sending {
  readonly acks: number;
  readonly timeout?: number;
  readonly compression?: number;
  readonly topicMessages: readonly { readonly topic: string; readonly messages: readonly Message[] }[];
}

/** Failures after which the leaders are looked up anew. A broker that does not answer may be none any more. */
const ELSEWHERE: ReadonlySet<string> = new Set([
  'KafkaJSRequestTimeoutError',
  'KafkaJSMetadataNotLoaded',
  'KafkaJSConnectionError',
  'KafkaJSConnectionClosedError',
]);

/**
 * The library's sending of a batch, without transactions. Its own remembers which brokers have answered, and does not ask
 * them again: when one of them becomes the leader of another's partitions, what is for these is lost, and said to be
 * written. And it begins anew while others are still asked, under sequences that do not know each other. This one
 * remembers which partitions are written, and waits for all.
 */
export function messageSender({ groupMessagesPerPartition, MetadataNotLoaded, staleMetadata }: SendingParts) {
  return ({ logger, cluster, partitioner, eosManager, retrier }: ProducerParts) => {
    const isElsewhere = (error: Failure) =>
      staleMetadata(error) ||
      ELSEWHERE.has(error.name) ||
      (error.name === 'KafkaJSProtocolError' && error.retriable === true);
    /** Whether it is worth trying again. */
    const mayPass = (error: Failure) => isElsewhere(error) || error.retriable === true;

    const produce = async (nodeId: string, topicData: readonly TopicData[], sending: Sending) => {
      const { acks, timeout, compression } = sending;
      const broker = await cluster.findBroker({ nodeId });
      await eosManager.acquireBrokerLock(broker);
      try {
        forEach(topicData, (topic, one) => {
          one.firstSequence = eosManager.getSequence(topic, one.partition);
          eosManager.updateSequence(topic, one.partition, one.messages.length);
        });
        const producerId = eosManager.getProducerId();
        const producerEpoch = eosManager.getProducerEpoch();
        return await broker.produce({ producerId, producerEpoch, acks, timeout, compression, topicData });
      } catch (error) {
        // Under the same sequence the brokers know what they have already.
        forEach(topicData, (topic, { partition, messages }) =>
          eosManager.updateSequence(topic, partition, -messages.length),
        );
        throw error;
      } finally {
        await eosManager.releaseBrokerLock(broker);
      }
    };

    return (sending: Sending) => {
      /** By topic and partition: what no broker has acknowledged. */
      const left = new Map<string, Map<number, readonly Message[]>>();
      const written: object[] = [];

      const group = () => {
        for (const { topic, messages } of sending.topicMessages) {
          if (left.has(topic)) continue;
          const partitionMetadata = cluster.findTopicPartitionMetadata(topic);
          if (partitionMetadata.length === 0) {
            throw new MetadataNotLoaded('Producing to topic without metadata');
          }
          const grouping = { topic, partitionMetadata, messages, partitioner };
          const groups = Object.entries(groupMessagesPerPartition(grouping));
          left.set(topic, new Map(groups.map(([partition, of]) => [Number(partition), of])));
        }
      };

      const byLeader = () => {
        const found = new Map<string, TopicData[]>();
        for (const [topic, groups] of left) {
          const leaders = cluster.findLeaderForPartitions(topic, [...groups.keys()]);
          for (const [nodeId, partitions] of Object.entries(leaders)) {
            const data = partitions.map((partition) => ({ partition, messages: groups.get(partition)! }));
            const topics = found.get(nodeId) ?? [];
            topics.push({ topic, partitions: data });
            found.set(nodeId, topics);
          }
        }
        return found;
      };

      const attempt = async () => {
        await cluster.refreshMetadataIfNecessary();
        group();
        const requests = [...byLeader()].map(async ([nodeId, topicData]) => {
          const answer = await produce(nodeId, topicData, sending);
          forEach(topicData, (topic, { partition }) => left.get(topic)!.delete(partition));
          if (sending.acks === 0) return;
          for (const { topicName, partitions } of answer.topics) {
            for (const one of partitions) written.push(Object.assign({ topicName }, one));
          }
        });
        const failures: Failure[] = [];
        for (const outcome of await Promise.allSettled(requests)) {
          if (outcome.status === 'rejected') failures.push(outcome.reason);
        }
        if (failures.length > 0) return failures;
        // What is for partitions that nobody had heard of has no leader, and was asked of nobody.
        const isMissing = [...left.values()].some(({ size }) => size > 0);
        return isMissing ? [new MetadataNotLoaded('Producing to a partition without metadata')] : [];
      };

      return retrier(async (bail, retryCount, retryTime) => {
        await cluster.addMultipleTargetTopics(sending.topicMessages.map(({ topic }) => topic));
        const failures: readonly Failure[] = await attempt().catch((error: Failure) => [error]);
        if (failures.length === 0) return written;
        for (const { name, host, port, message } of failures) {
          logger.error(`Failed to send messages: ${message}`, { retryCount, retryTime });
          if (name === 'KafkaJSConnectionClosedError') cluster.removeBroker({ host, port });
        }
        const wasConnected = cluster.isConnected();
        if (!wasConnected) {
          await cluster.connect();
          await cluster.refreshMetadata();
        } else if (failures.some(isElsewhere)) {
          await cluster.refreshMetadata();
        }
        const final = failures.find((error) => !mayPass(error));
        if (final === undefined || !wasConnected) throw failures[0];
        bail(final);
        return written;
      });
    };
  };
}

function forEach(
  topicData: readonly TopicData[],
  callback: (topic: string, partition: TopicData['partitions'][number]) => void,
): void {
  for (const { topic, partitions } of topicData) for (const one of partitions) callback(topic, one);
}
