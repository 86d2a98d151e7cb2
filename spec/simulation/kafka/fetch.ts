import { ERROR } from './error-codes.ts';
import type { SimulatedBroker } from './simulated-broker.ts';
import type { SimulatedKafka } from './simulated-kafka.ts';

interface FetchRequest {
  readonly maxWaitTime: number;
  readonly topics: readonly {
    readonly topic: string;
    readonly partitions: readonly { readonly partition: number; readonly fetchOffset: string }[];
  }[];
}

/** Answers when there is something, or when that has taken too long. */
export function fetchRecords(
  kafka: SimulatedKafka,
  broker: SimulatedBroker,
  request: FetchRequest,
  answer: (answer: object) => void,
): void {
  const { found, responses } = look(kafka, broker, request);
  if (found) return answer({ errorCode: 0, responses });
  let isOver = false;
  const end = () => {
    if (isOver) return;
    isOver = true;
    for (const stop of waits) stop();
    answer({ errorCode: 0, responses: look(kafka, broker, request).responses });
  };
  const waits = request.topics.flatMap(({ topic, partitions }) =>
    partitions.map(({ partition }) =>
      kafka.partition(topic, partition)!.whenMore(() => kafka.time.after(0, end)),
    ),
  );
  kafka.time.after(request.maxWaitTime, end);
}

function look(kafka: SimulatedKafka, broker: SimulatedBroker, { topics }: FetchRequest) {
  let found = false;
  const responses = topics.map(({ topic, partitions }) => ({
    topicName: topic,
    partitions: partitions.map(({ partition: id, fetchOffset }) => {
      const partition = kafka.partition(topic, id);
      const offset = Number(fetchOffset);
      const base = { partition: id, abortedTransactions: [], preferredReadReplica: -1, lastStartOffset: '0' };
      const end = String(partition?.end ?? -1);
      const watermarks = { highWatermark: end, lastStableOffset: end };
      const failure = (errorCode: number) => {
        found = true;
        return { ...base, ...watermarks, errorCode, messages: [] };
      };
      if (partition === null) return failure(ERROR.unknownTopicOrPartition);
      if (partition.leader !== broker.id) return failure(ERROR.notLeader);
      if (offset < 0 || offset > partition.end) return failure(ERROR.offsetOutOfRange);
      const messages = partition.from(offset);
      found ||= messages.length > 0;
      return { ...base, ...watermarks, errorCode: 0, messages };
    }),
  }));
  return { found, responses };
}
