import type { Admin, Kafka } from 'kafkajs';
import type { Clock, TimerHandle } from '../../runtime/ports/clock.ts';
import { kafkaFailure } from './kafka-client.ts';

/** How often the brokers are asked, and how long an answer may take before it counts as none, ms. */
const EVERY = 2_000;
const DUE = 5_000;

/** Whether the brokers answer. They are asked, because a node that has nothing to write would not notice. */
export class KafkaWatch {
  /** Why they do not, for people; empty when they do. */
  trouble = 'not reached yet';
  private readonly kafka: Kafka;
  private readonly clock: Clock;
  private admin: Admin | null = null;
  private timer: TimerHandle | null = null;
  private closed = false;

  constructor(kafka: Kafka, clock: Clock) {
    this.kafka = kafka;
    this.clock = clock;
    void this.ask();
  }

  close(): void {
    this.closed = true;
    if (this.timer !== null) this.clock.cancel(this.timer);
    this.hangUp();
  }

  private async ask(): Promise<void> {
    const late = this.clock.after(DUE, () => {
      this.trouble = `no answer within ${DUE / 1000} s`;
    });
    try {
      await this.described();
      this.trouble = '';
    } catch (error) {
      this.trouble = kafkaFailure(error).message;
      this.hangUp();
    } finally {
      this.clock.cancel(late);
      if (!this.closed) this.timer = this.clock.after(EVERY, () => void this.ask());
    }
  }

  private async described(): Promise<void> {
    const isNew = this.admin === null;
    const admin = this.admin ?? this.kafka.admin();
    this.admin = admin;
    if (isNew) await admin.connect();
    await admin.describeCluster();
  }

  /** Not waited for: it may hang on requests that nobody will answer. */
  private hangUp(): void {
    this.admin?.disconnect().catch(() => {});
    this.admin = null;
  }
}
