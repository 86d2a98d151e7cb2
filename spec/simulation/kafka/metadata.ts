import { ERROR } from './error-codes.ts';
import type { SimulatedKafka } from './simulated-kafka.ts';

/** Who leads what; of all topics when none is named. */
export function metadataOf(kafka: SimulatedKafka, topics: readonly string[]): object {
  const brokers = kafka.known;
  const replicas = kafka.brokers.map(({ id }) => id);
  const isKnown = (leader: number) => brokers.some(({ nodeId }) => nodeId === leader);
  return {
    brokers,
    clusterId: 'simulated',
    controllerId: brokers[0]?.nodeId ?? -1,
    topicMetadata: (topics.length === 0 ? [...kafka.topics.keys()] : topics).map((topic) => ({
      topicErrorCode: kafka.topics.has(topic) ? 0 : ERROR.unknownTopicOrPartition,
      topic,
      isInternal: false,
      partitionMetadata: (kafka.topics.get(topic) ?? []).map(({ id, leader }) => ({
        partitionErrorCode: isKnown(leader) ? 0 : ERROR.leaderNotAvailable,
        partitionId: id,
        leader,
        replicas,
        isr: replicas,
        offlineReplicas: [],
      })),
    })),
  };
}
