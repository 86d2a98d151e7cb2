import { createRequire } from 'node:module';
import type { JoinRequest, SyncRequest } from './consumer-group.ts';
import { ERROR } from './error-codes.ts';
import { fetchRecords } from './fetch.ts';
import { metadataOf } from './metadata.ts';
import type { ProducedMessage } from './partition.ts';
import type { SimulatedBroker } from './simulated-broker.ts';
import type { SimulatedKafka } from './simulated-kafka.ts';

type Answer = (answer: object) => void;
type Handler = (kafka: SimulatedKafka, broker: SimulatedBroker, args: never, answer: Answer) => void;
type ByTopic<One> = { readonly topic: string; readonly partitions: readonly One[] }[];

const require = createRequire(import.meta.url);
const API = require('kafkajs/src/protocol/requests/apiKeys.js') as Record<string, number>;
const EARLIEST = -2;

interface ProduceRequest {
  readonly producerId: string;
  readonly topicData: ByTopic<{
    partition: number;
    firstSequence: number;
    messages: readonly ProducedMessage[];
  }>;
}

interface CommitRequest {
  readonly groupId: string;
  readonly groupGenerationId: number;
  readonly memberId: string;
  readonly topics: ByTopic<{ partition: number; offset: string }>;
}

/** Refused by a broker that does not coordinate the group, or does not know it yet. */
function ofGroup<Args extends { readonly groupId: string }>(
  serve: (kafka: SimulatedKafka, args: Args, answer: Answer) => void,
  refuse: (errorCode: number, args: Args) => object = (errorCode) => ({ errorCode }),
): (kafka: SimulatedKafka, broker: SimulatedBroker, args: Args, answer: Answer) => void {
  return (kafka, broker, args, answer) => {
    if (kafka.coordinatorOf(args.groupId) !== broker.id) return answer(refuse(ERROR.notCoordinator, args));
    if (kafka.isLoading(args.groupId)) return answer(refuse(ERROR.coordinatorLoading, args));
    serve(kafka, args, answer);
  };
}

function refuseCommit(errorCode: number, { topics }: CommitRequest): object {
  return {
    responses: topics.map(({ topic, partitions }) => ({
      topic,
      partitions: partitions.map(({ partition }) => ({ partition, errorCode })),
    })),
  };
}

const HANDLERS: Readonly<Record<string, Handler>> = {
  ApiVersions: (_kafka, _broker, _args, answer) => answer({ errorCode: 0, apiVersions: [] }),

  Metadata: (kafka, _broker, { topics }: { topics: string[] }, answer) => answer(metadataOf(kafka, topics)),

  InitProducerId: (kafka, _broker, _args, answer) =>
    answer({ errorCode: 0, producerId: kafka.nextProducerId(), producerEpoch: 0 }),

  Produce: (kafka, broker, { producerId, topicData }: ProduceRequest, answer) => {
    const { time } = kafka;
    const topics = topicData.map(({ topic, partitions }) => ({
      topicName: topic,
      partitions: partitions.map(({ partition: id, firstSequence, messages }) => {
        const partition = kafka.partition(topic, id);
        const outcome =
          partition?.leader === broker.id
            ? partition.append({ producerId, firstSequence, messages }, time.clock.wallNow())
            : { error: partition === null ? ERROR.unknownTopicOrPartition : ERROR.notLeader, offset: -1 };
        return {
          partition: id,
          errorCode: outcome.error,
          baseOffset: String(outcome.offset),
          logAppendTime: '-1',
        };
      }),
    }));
    // All replicas have to have it.
    time.after(time.between(0.2, 3), () => answer({ topics }));
  },

  Fetch: fetchRecords,

  ListOffsets: (
    kafka,
    broker,
    { topics }: { topics: ByTopic<{ partition: number; timestamp: number | string }> },
    answer,
  ) =>
    answer({
      responses: topics.map(({ topic, partitions }) => ({
        topic,
        partitions: partitions.map(({ partition: id, timestamp }) => {
          const partition = kafka.partition(topic, id);
          if (partition?.leader !== broker.id) {
            return { partition: id, errorCode: ERROR.notLeader, timestamp: '-1', offset: '-1' };
          }
          const offset = Number(timestamp) === EARLIEST ? 0 : partition.end;
          return { partition: id, errorCode: 0, timestamp: '-1', offset: String(offset) };
        }),
      })),
    }),

  CreateTopics: (
    kafka,
    _broker,
    { topics }: { topics: { topic: string; numPartitions: number }[] },
    answer,
  ) =>
    answer({
      topicErrors: topics.map(({ topic, numPartitions }) => {
        const isThere = kafka.topics.has(topic);
        if (!isThere) kafka.grow(topic, numPartitions);
        return { topic, errorCode: isThere ? ERROR.topicExists : 0, errorMessage: null };
      }),
    }),

  CreatePartitions: (
    kafka,
    _broker,
    { topicPartitions }: { topicPartitions: { topic: string; count: number }[] },
    answer,
  ) =>
    answer({
      topicErrors: topicPartitions.map(({ topic, count }) => {
        const isMore = count > (kafka.topics.get(topic)?.length ?? 0);
        if (isMore) kafka.grow(topic, count);
        return { topic, errorCode: isMore ? 0 : ERROR.invalidPartitions, errorMessage: null };
      }),
    }),

  GroupCoordinator: (kafka, _broker, { groupId }: { groupId: string }, answer) => {
    const found = kafka.known.find(({ nodeId }) => nodeId === kafka.coordinatorOf(groupId));
    if (found === undefined) {
      return answer({
        errorCode: ERROR.coordinatorNotAvailable,
        coordinator: { nodeId: -1, host: '', port: -1 },
      });
    }
    answer({ errorCode: 0, coordinator: found });
  },

  JoinGroup: ofGroup<JoinRequest & { groupId: string }>((kafka, args, answer) =>
    kafka.group(args.groupId).join(args, answer),
  ),

  SyncGroup: ofGroup<SyncRequest & { groupId: string }>((kafka, args, answer) =>
    kafka.group(args.groupId).sync(args, answer),
  ),

  Heartbeat: ofGroup<{ groupId: string; memberId: string; groupGenerationId: number }>(
    (kafka, args, answer) =>
      answer({ errorCode: kafka.group(args.groupId).heartbeat(args.memberId, args.groupGenerationId) }),
  ),

  LeaveGroup: ofGroup<{ groupId: string; memberId: string }>(
    (kafka, { groupId, memberId }, answer) => {
      const errorCode = kafka.group(groupId).leave(memberId);
      answer({ errorCode: 0, members: [{ memberId, errorCode }] });
    },
    (errorCode) => ({ errorCode, members: [] }),
  ),

  OffsetCommit: ofGroup<CommitRequest>((kafka, args, answer) => {
    const { groupId, memberId, groupGenerationId, topics } = args;
    const offsets = new Map(
      topics.flatMap(({ topic, partitions }) =>
        partitions.map(({ partition, offset }): [string, number] => [
          `${topic} ${partition}`,
          Number(offset),
        ]),
      ),
    );
    answer(refuseCommit(kafka.group(groupId).commit(memberId, groupGenerationId, offsets), args));
  }, refuseCommit),

  OffsetFetch: ofGroup<{ groupId: string; topics: ByTopic<{ partition: number }> }>(
    (kafka, { groupId, topics }, answer) => {
      const { committed } = kafka.group(groupId);
      answer({
        errorCode: 0,
        responses: topics.map(({ topic, partitions }) => ({
          topic,
          partitions: partitions.map(({ partition }) => {
            const offset = String(committed.get(`${topic} ${partition}`) ?? -1);
            return { partition, offset, metadata: '', errorCode: 0 };
          }),
        })),
      });
    },
    (errorCode) => ({ errorCode, responses: [] }),
  ),
};

const BY_API = new Map(Object.entries(HANDLERS).map(([name, handler]) => [API[name]!, handler]));

export function answerRequest(
  kafka: SimulatedKafka,
  broker: SimulatedBroker,
  api: number,
  args: never,
  answer: Answer,
): void {
  const handler = BY_API.get(api);
  if (handler === undefined) throw new Error(`the simulation does not know Kafka's api ${api}`);
  handler(kafka, broker, args, answer);
}
