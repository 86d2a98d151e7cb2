import { type Consumer, Kafka, type KafkaMessage, logLevel, type Producer } from 'kafkajs';
import { pack } from 'msgpackr';
import { MAILBOXES } from '../../src/adapters/kafka/topics.ts';

/** Writes letters that no node of ours would: a node of a broken version might. */
export class LetterForger {
  private readonly producer: Producer;
  private readonly consumer: Consumer;
  /** The last letter to each mailbox. */
  private readonly models = new Map<number, KafkaMessage>();
  private forged = 0;

  private constructor(kafka: Kafka) {
    this.producer = kafka.producer({ allowAutoTopicCreation: false });
    this.consumer = kafka.consumer({ groupId: 'forger' });
  }

  static async start(brokers: string): Promise<LetterForger> {
    const forger = new LetterForger(new Kafka({ brokers: brokers.split(','), logLevel: logLevel.NOTHING }));
    const { consumer, producer, models } = forger;
    await Promise.all([consumer.connect(), producer.connect()]);
    await consumer.subscribe({ topics: [MAILBOXES], fromBeginning: true });
    await consumer.run({
      eachMessage: async ({ partition, message }) => {
        models.set(partition, message);
      },
    });
    return forger;
  }

  /** A command that commands nothing, addressed as the last real letter was, to each mailbox that ever got one. */
  async forge(): Promise<void> {
    const postmark = `${++this.forged} forger`;
    const messages = [...this.models].map(([partition, { headers = {} }]) => ({
      partition,
      value: pack({ kind: 'command' }),
      headers: { ...headers, postmark },
    }));
    if (messages.length > 0) await this.producer.send({ topic: MAILBOXES, messages });
  }

  async close(): Promise<void> {
    await Promise.all([this.consumer.disconnect(), this.producer.disconnect()]);
  }
}
