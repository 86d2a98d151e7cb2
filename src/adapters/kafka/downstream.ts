import type { EachBatchPayload, IHeaders, Kafka, KafkaMessage } from 'kafkajs';
import type { Command } from '../../runtime/delivery/command.ts';
import type { Deliverer } from '../../runtime/delivery/deliverer.ts';
import { HoldfastError } from '../../runtime/errors/holdfast-error.ts';
import { RepeatedLines } from '../../runtime/log/repeated-lines.ts';
import type { Clock } from '../../runtime/ports/clock.ts';
import type { Log } from '../../runtime/ports/log.ts';
import { InletSpan } from '../../runtime/trace/inlet-span.ts';
import type { Tracer } from '../../runtime/trace/tracer.ts';
import { downstreamCommand, downstreamTrail } from './downstream-command.ts';
import { KafkaConsumer, type KafkaConsumerOptions } from './kafka-consumer.ts';
import { KafkaWriter, type KafkaWriterOptions } from './kafka-writer.ts';
import { headersOf } from './message-headers.ts';
import { DEAD_LETTERS, DOWNSTREAM } from './topics.ts';

export interface DownstreamOptions {
  readonly kafka: Kafka;
  readonly clock: Clock;
  readonly log: Log;
  /** Told of every log line that is not written because there were too many like it. */
  readonly onHeldBack?: (() => void) | undefined;
  readonly deliverer: Deliverer;
  readonly observe: KafkaWriterOptions['observe'];
  /** What becomes of consumers; nobody listens unless told. */
  readonly consumerChanged?: KafkaConsumerOptions['changed'];
  readonly onDeadLetter: () => void;
  /** Absent when tracing is off. */
  readonly tracer?: Tracer | undefined;
}

const GROUP = 'holdfast-downstream';
const TRIES = 5;
const FIRST_PAUSE = 200;
/** Records of a partition on their way at once. */
const AT_ONCE = 500;
const HEARTBEAT = 1_000;

/** A record, and the command it is; or why it is none. */
interface Read {
  readonly message: KafkaMessage;
  readonly command: Command | HoldfastError;
  /** Null for one that is not traced. */
  readonly span: InletSpan | null;
}

/**
 * The public inlet: takes commands that others produce to `ws.downstream`, in order within a partition; what has to be
 * tried again comes behind what was on its way with it. What is no command, or cannot be delivered after some tries,
 * goes to `ws.downstream.dlq` with the reason in its headers.
 */
export class Downstream {
  private readonly options: DownstreamOptions;
  private readonly consumer: KafkaConsumer;
  private readonly deadLetters: KafkaWriter;
  /** Whoever produces nonsense produces a lot of it. */
  private readonly lines: RepeatedLines;

  constructor(options: DownstreamOptions) {
    this.options = options;
    const { kafka, clock, log, observe } = options;
    this.lines = new RepeatedLines(log, clock, { onHeldBack: options.onHeldBack });
    this.deadLetters = new KafkaWriter({
      kafka,
      clock,
      log,
      observe,
      topic: DEAD_LETTERS,
      maxMessages: 10_000,
      maxBytes: 64 * 1024 * 1024,
    });
    this.consumer = new KafkaConsumer({
      kafka,
      clock,
      log,
      topic: DOWNSTREAM,
      // A partition that nobody has committed yet must not lose what comes while consumers gather.
      fromBeginning: true,
      concurrency: 32,
      changed: options.consumerChanged,
      config: {
        groupId: GROUP,
        sessionTimeout: 10_000,
        heartbeatInterval: HEARTBEAT,
        maxWaitTimeInMs: 500,
        minBytes: 1,
        allowAutoTopicCreation: false,
      },
      eachBatch: (payload) => this.take(payload),
    });
  }

  start(): Promise<void> {
    return this.consumer.start();
  }

  async close(): Promise<void> {
    await this.consumer.close();
    await this.deadLetters.flush();
    await this.deadLetters.close();
  }

  private async take(payload: EachBatchPayload): Promise<void> {
    const { batch, resolveOffset, heartbeat, isRunning, isStale, commitOffsetsIfNecessary } = payload;
    let last: string | null = null;
    try {
      for (const run of runsOf(batch.messages.map((message) => this.read(message)))) {
        if (!isRunning() || isStale()) break;
        await this.deliver(run, heartbeat);
        last = run.at(-1)!.message.offset;
        resolveOffset(last);
        await heartbeat();
      }
    } finally {
      // Also when a rebalance cuts the batch short: what was delivered need not come again.
      if (last !== null) {
        const offset = (BigInt(last) + 1n).toString();
        const partitions = [{ partition: batch.partition, offset }];
        await commitOffsetsIfNecessary({ topics: [{ topic: batch.topic, partitions }] });
      }
    }
  }

  private read(message: KafkaMessage): Read {
    const { clock, tracer } = this.options;
    const now = clock.wallNow();
    const headers = headersOf(message.headers);
    const span = tracer === undefined ? null : InletSpan.of(tracer, headers, now);
    const trail = span?.trail ?? downstreamTrail(headers, now, tracer === undefined);
    const key = message.key?.toString() ?? '';
    try {
      const command = downstreamCommand(key, message.value ?? new Uint8Array(0), headers, trail);
      return { message, command, span };
    } catch (error) {
      return { message, command: failureOf(error), span };
    }
  }

  /** All at once, in order; then what failed, one after the other. */
  private async deliver(run: readonly Read[], heartbeat: () => Promise<void>): Promise<void> {
    const alive = this.options.clock.every(HEARTBEAT, () => void heartbeat().catch(() => {}));
    try {
      const failures = await Promise.all(run.map((one) => this.attempt(one)));
      for (const [i, failure] of failures.entries()) {
        if (failure !== null) await this.persist(run[i]!, failure);
      }
    } finally {
      this.options.clock.cancel(alive);
    }
  }

  private async attempt({ command, span }: Read): Promise<HoldfastError | null> {
    const { clock, deliverer } = this.options;
    if (command instanceof HoldfastError) return command;
    try {
      if (command.kind === 'emit') await deliverer.emit(command, 'owed');
      else await deliverer.perform(command);
      span?.ended(clock.wallNow(), '');
      return null;
    } catch (error) {
      return failureOf(error);
    }
  }

  /** Has been tried once. */
  private async persist(one: Read, first: HoldfastError): Promise<void> {
    const { clock } = this.options;
    let failure: HoldfastError | null = first;
    for (let tried = 1; failure !== null; tried++) {
      if (failure.code === 'invalid_argument' || tried === TRIES) {
        const { message, span } = one;
        span?.ended(clock.wallNow(), failure.code);
        this.lines.warn(
          failure.code,
          { err: failure, offset: message.offset, tried },
          'a record of ws.downstream goes to the dead letters',
        );
        return this.bury(message, failure, tried);
      }
      await new Promise<void>((resolve) => clock.after(FIRST_PAUSE * 2 ** (tried - 1), resolve));
      failure = await this.attempt(one);
    }
  }

  private bury(
    { key, value, headers, offset }: KafkaMessage,
    failure: HoldfastError,
    tried: number,
  ): Promise<void> {
    this.options.onDeadLetter();
    const why: IHeaders = {
      'X-Error-Code': failure.code,
      'X-Error': failure.message,
      'X-Tries': String(tried),
      'X-Offset': offset,
    };
    return new Promise((resolve, reject) => {
      this.deadLetters.write({
        message: { key, value, headers: { ...headers, ...why } },
        bytes: (value?.length ?? 0) + 256,
        precious: true,
        patience: Number.POSITIVE_INFINITY,
        accepted: resolve,
        refused: reject,
      });
    });
  }
}

/** Events travel together. A join or leave waits for what is in front of it, and what follows waits for it. */
function runsOf(records: readonly Read[]): Read[][] {
  const runs: Read[][] = [];
  let events: Read[] = [];
  for (const record of records) {
    const { command } = record;
    const isEvent = command instanceof HoldfastError || command.kind === 'emit';
    if (isEvent && events.length > 0 && events.length < AT_ONCE) {
      events.push(record);
      continue;
    }
    runs.push([record]);
    events = isEvent ? runs.at(-1)! : [];
  }
  return runs;
}

function failureOf(error: unknown): HoldfastError {
  return error instanceof HoldfastError
    ? error
    : new HoldfastError('internal', 'internal error', { cause: error });
}
