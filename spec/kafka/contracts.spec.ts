import { afterAll, beforeAll } from 'vitest';
import { kafkaClient } from '../../src/adapters/kafka/kafka-client.ts';
import { KafkaMailbox } from '../../src/adapters/kafka/mailbox.ts';

import { KafkaUpstreamLog } from '../../src/adapters/kafka/upstream-log.ts';
import type { Letter } from '../../src/runtime/delivery/letter.ts';
import type { UpstreamLog } from '../../src/runtime/ports/upstream-log.ts';
import { SystemClock } from '../../src/runtime/time/system-clock.ts';
import { decodeLetter, encodeLetter } from '../../src/runtime/wire/letter-codec.ts';
import { SilentLog } from '../auth/silent-log.ts';
import { mailboxContract } from '../contracts/mailbox-contract.ts';
import { upstreamLogContract } from '../contracts/upstream-log-contract.ts';
import { KafkaFixture } from './kafka-fixture.ts';

const PATIENCE = 18_000;
const clock = new SystemClock();
let kafka: KafkaFixture;

beforeAll(async () => {
  kafka = await KafkaFixture.start();
});
afterAll(() => kafka.close());

mailboxContract<Letter>('Kafka', async () => {
  await kafka.reset();
  const mailboxes: KafkaMailbox<Letter>[] = [];
  const epoch = Date.now();
  return {
    patience: PATIENCE,
    open: async () => {
      const mailbox = new KafkaMailbox<Letter>({
        kafka: kafkaClient(kafka.settings, new SilentLog(), new SystemClock()),
        clock,
        log: new SilentLog(),
        directory: {
          // A node of any number lives, but for 99; partitions are few.
          slotOf: (number) => (number === 99 ? null : { slot: number % 3, epoch }),
        },
        encode: encodeLetter,
        decode: decodeLetter,
        observe: () => {},
      });
      mailboxes.push(mailbox);
      return mailbox;
    },
    letter: (sender, number) => ({
      kind: 'acknowledge',
      time: 5,
      id: `${sender}-${number}`,
      socket: sender,
      ackId: number,
      body: { args: '[]', attachments: [] },
    }),
    read: (letter) => {
      if (letter.kind !== 'acknowledge') throw new Error(`a letter of kind ${letter.kind}`);
      return { sender: letter.socket, number: letter.ackId };
    },
    reading: async (subscription) => subscription.reading,
    dispose: async () => {
      await Promise.all(mailboxes.map((mailbox) => mailbox.close()));
    },
  };
});

upstreamLogContract('Kafka', async () => {
  await kafka.reset();
  const logs: UpstreamLog[] = [];
  const open = async (maxRecords: number) => {
    const log = new KafkaUpstreamLog({
      kafka: kafkaClient(kafka.settings, new SilentLog(), new SystemClock()),
      clock,
      log: new SilentLog(),
      version: 'test',
      maxRecords,
      maxBytes: 64 * 1024 * 1024,
      observe: () => {},
      left: () => {},
      refused: (record, error) => {
        throw new Error(`${record.messageId} was given up: ${String(error)}`);
      },
      lagged: () => {},
    });
    logs.push(log);
    return log;
  };
  return {
    patience: PATIENCE,
    open: () => open(100_000),
    openSmall: () => open(100),
    dispose: async () => {
      await Promise.all(logs.map((log) => log.close()));
    },
  };
});
