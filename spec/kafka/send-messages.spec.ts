import { describe, expect, it } from 'vitest';
import { sendAsLibrary, sendBatch } from '../../src/adapters/kafka/kafkajs.ts';

type Send = typeof sendBatch;
type Parts = Parameters<Send>[0];

interface Written {
  readonly broker: string;
  readonly partition: number;
  readonly sequence: number;
  readonly values: readonly unknown[];
}

function notLeader(): Error {
  return Object.assign(new Error('not the leader'), {
    name: 'KafkaJSProtocolError',
    type: 'NOT_LEADER_FOR_PARTITION',
    retriable: true,
  });
}

/** Brokers `0` and `1`, of which each leads the partition of its number until `1` leads nothing any more. */
function cluster({ answersAfter = 0 } = {}) {
  const written: Written[] = [];
  const sequences = new Map<number, number>();
  let known = ['0', '1'];
  let asked = 0;
  const brokers = ['0', '1'].map((nodeId) => ({
    nodeId,
    produce: async ({ topicData }: { topicData: Parameters<typeof note>[1] }) => {
      if (nodeId === '1') throw notLeader();
      for (let turn = 0; turn < answersAfter; turn++) await Promise.resolve();
      asked++;
      return note(nodeId, topicData);
    },
  }));
  function note(
    broker: string,
    topicData: readonly {
      topic: string;
      partitions: readonly {
        partition: number;
        firstSequence: number;
        messages: readonly { value: unknown }[];
      }[];
    }[],
  ) {
    const topics = topicData.map(({ topic, partitions }) => ({
      topicName: topic,
      partitions: partitions.map(({ partition, firstSequence, messages }) => {
        written.push({
          broker,
          partition,
          sequence: firstSequence,
          values: messages.map(({ value }) => value),
        });
        return { partition, errorCode: 0 };
      }),
    }));
    return { topics };
  }
  const retry = async (work: (bail: () => void, count: number, time: number) => Promise<unknown>) => {
    for (let count = 0; ; count++) {
      try {
        return await work(() => expect.unreachable(), count, 0);
      } catch (error) {
        if (count === 5) throw error;
      }
    }
  };
  const parts = {
    logger: { error: () => {}, debug: () => {} },
    cluster: {
      refreshMetadataIfNecessary: async () => {},
      refreshMetadata: async () => {
        known = ['0', '0'];
      },
      addMultipleTargetTopics: async () => {},
      findTopicPartitionMetadata: () => [{}, {}],
      findLeaderForPartitions: (_topic: string, partitions: readonly (number | string)[]) => {
        const found: Record<string, number[]> = {};
        for (const one of partitions.map(Number)) {
          found[known[one]!] ??= [];
          found[known[one]!]!.push(one);
        }
        return found;
      },
      findBroker: async ({ nodeId }: { nodeId: string }) => brokers[Number(nodeId)]!,
      removeBroker: () => {},
      isConnected: () => true,
      connect: async () => {},
    },
    partitioner: ({ message }: { message: { key: string } }) => Number(message.key),
    eosManager: {
      isTransactional: () => false,
      acquireBrokerLock: async () => {},
      releaseBrokerLock: async () => {},
      getSequence: (_topic: string, partition: number) => sequences.get(partition) ?? 0,
      updateSequence: (_topic: string, partition: number, by: number) =>
        sequences.set(partition, (sequences.get(partition) ?? 0) + by),
      getProducerId: () => '1',
      getProducerEpoch: () => 0,
    },
    retrier: retry,
  };
  const sendWith = (send: Send) => {
    const topicMessages = [
      { topic: 't', messages: ['0', '1', '1'].map((key, n) => ({ key, value: `m${n}` })) },
    ];
    return send(parts as unknown as Parts)({ acks: -1, topicMessages });
  };
  return { sendWith, written, requests: () => asked };
}

const EACH_ONCE = [
  { broker: '0', partition: 0, sequence: 0, values: ['m0'] },
  { broker: '0', partition: 1, sequence: 0, values: ['m1', 'm2'] },
];

describe('a batch for a partition whose leader has moved to a broker that has its part already', () => {
  it('is written there, and nothing else again', async () => {
    const { sendWith, written, requests } = cluster();
    expect(await sendWith(sendBatch)).toHaveLength(2);
    expect(written).toEqual(EACH_ONCE);
    expect(requests()).toBe(2);
  });

  it('is written there when that broker has not answered yet, and nothing else again', async () => {
    const { sendWith, written } = cluster({ answersAfter: 100 });
    await sendWith(sendBatch);
    expect(written).toEqual(EACH_ONCE);
  });

  it('is lost by the library itself, which says that it was written: once it does not, ours can go', async () => {
    const { sendWith, written } = cluster();
    await sendWith(sendAsLibrary);
    expect(written.filter(({ partition }) => partition === 1)).toEqual([]);
  });
});
