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

const failure = (name: string, type: string, retriable = true) =>
  Object.assign(new Error(type), { name, type, retriable });
const NOT_LEADER = failure('KafkaJSProtocolError', 'NOT_LEADER_FOR_PARTITION');
const TIMEOUT = failure('KafkaJSRequestTimeoutError', 'timeout');
const TOO_LARGE = failure('KafkaJSProtocolError', 'MESSAGE_TOO_LARGE', false);

interface Scene {
  /** How many turns a broker takes to answer. */
  readonly answersAfter?: number;
  /** What each of the first brokers fails with, and which partitions they lead. */
  readonly failures?: readonly (Error | null)[];
  readonly led?: readonly string[];
  /** Who leads which partition when the metadata is read again. */
  readonly later?: readonly string[];
}

/** Brokers `0` to `2`. At first `0` and `1` each lead the partition of their number, then `0` both. */
function cluster({
  answersAfter = 0,
  failures = [null, NOT_LEADER],
  led = ['0', '1'],
  later = ['0', '0'],
}: Scene = {}) {
  const written: Written[] = [];
  const sequences = new Map<number, number>();
  let known = led;
  let asked = 0;
  const brokers = ['0', '1', '2'].map((nodeId) => ({
    nodeId,
    produce: async ({ topicData }: { topicData: Parameters<typeof note>[1] }) => {
      const failed = failures[Number(nodeId)] ?? null;
      if (failed !== null) throw failed;
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
  const retry = async (
    work: (bail: (error: unknown) => void, count: number, time: number) => Promise<unknown>,
  ) => {
    for (let count = 0; ; count++) {
      try {
        let bailed: unknown;
        const outcome = await work((error) => (bailed = error), count, 0);
        if (bailed === undefined) return outcome;
        return Promise.reject(bailed);
      } catch (error) {
        if (count === 5 || error === TOO_LARGE) throw error;
      }
    }
  };
  const parts = {
    logger: { error: () => {}, debug: () => {} },
    cluster: {
      refreshMetadataIfNecessary: async () => {},
      refreshMetadata: async () => {
        known = later;
      },
      addMultipleTargetTopics: async () => {},
      findTopicPartitionMetadata: () => [{}, {}],
      findLeaderForPartitions: (_topic: string, partitions: readonly (number | string)[]) => {
        const found: Record<string, number[]> = {};
        for (const one of partitions.map(Number)) {
          // As the library: who is not known is left out.
          if (known[one] === undefined) continue;
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

describe('a batch that brokers do not take', () => {
  it('is written when the leaders are looked up again, though another broker hangs', async () => {
    const { sendWith, written } = cluster({
      failures: [TIMEOUT, NOT_LEADER, null],
      led: ['0', '1'],
      later: ['2', '2'],
    });
    await sendWith(sendBatch);
    expect(written.map(({ broker, partition, sequence }) => [broker, partition, sequence])).toEqual([
      ['2', 0, 0],
      ['2', 1, 0],
    ]);
  });

  it('is written when a broker that hangs leads nothing any more', async () => {
    const { sendWith, written } = cluster({ failures: [null, TIMEOUT] });
    await sendWith(sendBatch);
    expect(written).toEqual(EACH_ONCE);
  });

  it('is written when a partition that nobody had heard of is there, and nothing else again', async () => {
    const { sendWith, written } = cluster({ failures: [], led: ['0'], later: ['0', '0'] });
    await sendWith(sendBatch);
    expect(written).toEqual(EACH_ONCE);
  });

  it('fails when a partition is not there, rather than to be taken for written', async () => {
    const { sendWith } = cluster({ failures: [], led: ['0'], later: ['0'] });
    await expect(sendWith(sendBatch)).rejects.toThrow('without metadata');
  });

  it('fails at once with what no further try will mend, whatever else went wrong', async () => {
    const { sendWith, requests } = cluster({ failures: [NOT_LEADER, TOO_LARGE] });
    await expect(sendWith(sendBatch)).rejects.toBe(TOO_LARGE);
    expect(requests()).toBe(0);
  });
});
