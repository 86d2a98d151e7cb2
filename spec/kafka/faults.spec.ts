import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { kafkaClient } from '../../src/adapters/kafka/kafka-client.ts';
import { KafkaMailbox } from '../../src/adapters/kafka/mailbox.ts';
import { createTopics } from '../../src/adapters/kafka/topics.ts';
import { KafkaUpstreamLog, type KafkaUpstreamLogOptions } from '../../src/adapters/kafka/upstream-log.ts';
import type { Standing, UpstreamHandler, UpstreamRecord } from '../../src/runtime/ports/upstream-log.ts';
import { SystemClock } from '../../src/runtime/time/system-clock.ts';
import { SilentLog } from '../auth/silent-log.ts';
import { eventually, pause } from '../contracts/contract.ts';
import { message } from '../contracts/upstream-log-contract.ts';
import { KafkaService } from '../support/services/kafka-service.ts';

const PATIENCE = 40_000;
const clock = new SystemClock();
const sasl = { mechanism: 'none', username: '', password: '' } as const;
let service: KafkaService;
let topics = 0;

beforeAll(async () => {
  service = await KafkaService.start();
});
afterAll(() => service?.close());

function client() {
  return kafkaClient(
    { brokers: [service.brokers], tls: false, ca: '', sasl },
    new SilentLog(),
    new SystemClock(),
  );
}

/** Handles on one new topic and group. */
async function freshLogs(): Promise<(options?: Partial<KafkaUpstreamLogOptions>) => KafkaUpstreamLog> {
  const topic = `spec.${topics++}`;
  const admin = client().admin();
  await admin.connect();
  await admin.createTopics({ topics: [{ topic, numPartitions: 4 }], waitForLeaders: false });
  await eventually(PATIENCE, async () => {
    const { topics: known } = await admin.fetchTopicMetadata({ topics: [topic] });
    expect(known[0]!.partitions.map(({ leader }) => leader)).toEqual([1, 1, 1, 1]);
  });
  await admin.disconnect();
  return (options = {}) =>
    new KafkaUpstreamLog({
      kafka: client(),
      clock,
      log: new SilentLog(),
      version: 'test',
      topic,
      group: topic,
      maxRecords: 100_000,
      maxBytes: 64 * 1024 * 1024,
      observe: () => {},
      left: () => {},
      refused: (record, error) => {
        throw new Error(`${record.messageId} was given up: ${String(error)}`);
      },
      lagged: () => {},
      ...options,
    });
}

/** First appearances: what comes again has the same id. */
function idsOf(records: readonly UpstreamRecord[], key: string): string[] {
  return [...new Set(records.filter((record) => record.key === key).map(({ messageId }) => messageId))];
}

function ids(key: string, count: number): string[] {
  return Array.from({ length: count }, (_, number) => `${key}-${number}`);
}

describe('the mailbox on Kafka', () => {
  it('hands over, in order, what was posted while the broker was down', async () => {
    await createTopics(client(), { partitions: 4, replication: 0 }, clock);
    const got: number[] = [];
    const open = () =>
      new KafkaMailbox<number>({
        kafka: client(),
        clock,
        log: new SilentLog(),
        directory: { slotOf: () => ({ slot: 2, epoch: 1 }) },
        encode: (number) => Buffer.from(String(number)),
        decode: (bytes) => Number(Buffer.from(bytes).toString()),
        observe: () => {},
      });
    const [sender, receiver] = [open(), open()];
    const reader = receiver.open(7, (number) => got.push(number));
    await reader.reading;
    const posted: (void | Promise<void>)[] = [];
    const post = (from: number) => {
      for (let number = from; number < from + 50; number++) posted.push(sender.post(7, number, 'owed'));
    };
    post(0);
    await eventually(PATIENCE, () => expect(got).toContain(0));
    await service.kill();
    post(50);
    await service.run();
    post(100);
    await Promise.all(posted);
    post(150);
    await eventually(PATIENCE, () => expect([...new Set(got)]).toHaveLength(200));
    expect([...new Set(got)]).toEqual(Array.from({ length: 200 }, (_, number) => number));
    await reader.close();
    await Promise.all([sender.close(), receiver.close()]);
  }, 120_000);
});

describe('a letter that no broker takes in time', () => {
  it('was surely not posted, unless it was on its way when the broker went: then that is said', async () => {
    await createTopics(client(), { partitions: 4, replication: 0 }, clock);
    const mailbox = new KafkaMailbox<number>({
      kafka: client(),
      clock,
      log: new SilentLog(),
      directory: { slotOf: () => ({ slot: 2, epoch: 1 }) },
      encode: (number) => Buffer.from(String(number)),
      decode: (bytes) => Number(Buffer.from(bytes).toString()),
      observe: () => {},
    });
    await mailbox.post(7, 1);
    // Stopped, it takes what is sent to it, and says nothing.
    service.signal('SIGSTOP');
    const onItsWay = mailbox.post(7, 2);
    await pause(500);
    await service.kill();
    await expect(onItsWay).rejects.toMatchObject({ code: 'deadline_exceeded' });
    await expect(mailbox.post(7, 3)).rejects.toMatchObject({ code: 'unavailable' });
    await service.run();
    await mailbox.close();
  }, 120_000);
});

describe('a letter that is larger than the brokers take', () => {
  it('is refused, and holds up none of those around it', async () => {
    await createTopics(client(), { partitions: 4, replication: 0 }, clock);
    const got: string[] = [];
    const mailbox = new KafkaMailbox<string>({
      kafka: client(),
      clock,
      log: new SilentLog(),
      directory: { slotOf: () => ({ slot: 2, epoch: 1 }) },
      encode: (text) => Buffer.from(text),
      decode: (bytes) => Buffer.from(bytes).toString(),
      observe: () => {},
    });
    const reader = mailbox.open(7, (text) => got.push(text));
    await reader.reading;
    const letters = ['first', 'second', 'x'.repeat(2_000_000), 'third', 'fourth'];
    const posted = await Promise.allSettled(letters.map((letter) => mailbox.post(7, letter)));
    expect(posted.map(({ status }) => status)).toEqual([
      'fulfilled',
      'fulfilled',
      'rejected',
      'fulfilled',
      'fulfilled',
    ]);
    expect((posted[2] as PromiseRejectedResult).reason).toMatchObject({ code: 'resource_exhausted' });
    await eventually(PATIENCE, () => expect(got).toEqual(['first', 'second', 'third', 'fourth']));
    await reader.close();
    await mailbox.close();
  }, 60_000);
});

describe('the upstream log on Kafka', () => {
  it('loses nothing and keeps the order when the broker is killed and comes back', async () => {
    const open = await freshLogs();
    const log = open();
    const got: UpstreamRecord[] = [];
    log.consume((record, settle) => {
      got.push(record);
      settle();
    });
    let sent = 0;
    const append = (count: number) => {
      for (let n = 0; n < count; n++, sent++)
        for (const key of ['1', '2', '3']) log.append(message(key, sent));
    };
    append(100);
    await eventually(PATIENCE, () => expect(got.length).toBeGreaterThan(0));
    append(200);
    await service.kill();
    append(200);
    let isFlushed = false;
    const flushed = log.flush().then(() => {
      isFlushed = true;
    });
    await pause(300);
    // Nothing counts as accepted that the broker did not accept.
    expect(isFlushed).toBe(false);
    await service.run();
    append(100);
    await flushed;
    await eventually(PATIENCE, () => {
      for (const key of ['1', '2', '3']) expect(idsOf(got, key)).toHaveLength(sent);
    });
    for (const key of ['1', '2', '3']) expect(idsOf(got, key)).toEqual(ids(key, sent));
    await log.close();
  }, 120_000);

  it('refuses records when its buffer is full while there is no broker, and delivers what it took', async () => {
    const open = await freshLogs();
    const log = open({ maxRecords: 50 });
    log.append(message('1', 0));
    await log.flush();
    await service.kill();
    let taken = 1;
    expect(() => {
      for (; taken <= 51; taken++) log.append(message('1', taken));
    }).toThrow(expect.objectContaining({ code: 'resource_exhausted' }));
    await service.run();
    await log.flush();
    const got: UpstreamRecord[] = [];
    log.consume((record, settle) => {
      got.push(record);
      settle();
    });
    await eventually(PATIENCE, () => expect(idsOf(got, '1')).toEqual(ids('1', taken)));
    await log.close();
  }, 120_000);

  it('loses nothing, keeps the order and never has one socket in two hands while consumers come and go', async () => {
    const open = await freshLogs();
    const logs = [open(), open(), open()];
    const got: UpstreamRecord[] = [];
    const holders = new Map<string, { consumer: number; records: number }>();
    const overlaps: string[] = [];
    const handlerOf =
      (consumer: number): UpstreamHandler =>
      (record, settle) => {
        got.push(record);
        const held = holders.get(record.key) ?? { consumer, records: 0 };
        if (held.records > 0 && held.consumer !== consumer) overlaps.push(record.messageId);
        holders.set(record.key, { consumer, records: held.records + 1 });
        // Longer than a rebalance takes, so that it has something to wait for.
        setTimeout(() => {
          holders.get(record.key)!.records -= 1;
          settle();
        }, 400);
      };
    let sent = 0;
    const timer = setInterval(() => {
      for (let socket = 0; socket < 20; socket++) logs[0]!.append(message(String(socket), sent));
      sent++;
    }, 20);
    const first = logs[0]!.consume(handlerOf(0));
    await eventually(PATIENCE, () => expect(got.length).toBeGreaterThan(0));
    const second = logs[1]!.consume(handlerOf(1));
    await pause(2_000);
    logs[2]!.consume(handlerOf(2));
    await pause(2_000);
    await first.stop(10_000);
    await pause(1_000);
    await second.stop(10_000);
    clearInterval(timer);
    await eventually(PATIENCE, () => {
      for (let socket = 0; socket < 20; socket++) expect(idsOf(got, String(socket))).toHaveLength(sent);
    });
    for (let socket = 0; socket < 20; socket++) {
      expect(idsOf(got, String(socket))).toEqual(ids(String(socket), sent));
    }
    expect(overlaps).toEqual([]);
    await Promise.all(logs.map((log) => log.close()));
  }, 120_000);

  it('says that it does not know whose its records are when it stood still, until the brokers have answered', async () => {
    const open = await freshLogs();
    let stoodStill = 0;
    class LateClock extends SystemClock {
      override now(): number {
        return super.now() + stoodStill;
      }
    }
    const log = open({ clock: new LateClock() });
    const standings: (() => Standing)[] = [];
    log.consume((_record, _settle, standing) => standings.push(standing));
    log.append(message('1', 0));
    await eventually(PATIENCE, () => expect(standings).toHaveLength(1));
    const [standing] = standings;
    expect(standing!()).toBe('ours');
    stoodStill = 10_001;
    expect(standing!()).toBe('in doubt');
    await eventually(PATIENCE, () => expect(standing!()).toBe('ours'));
    await log.close();
    expect(standing!()).toBe('taken back');
  }, 60_000);

  it('goes on with other sockets while the records of one are not settled', async () => {
    const open = await freshLogs();
    const log = open();
    const got: UpstreamRecord[] = [];
    log.consume((record, settle) => {
      got.push(record);
      if (record.key !== '1') settle();
    });
    for (let number = 0; number < 20; number++) {
      log.append(message('1', number));
      for (const key of ['2', '3', '4', '5', '6']) log.append(message(key, number));
      await pause(20);
    }
    await eventually(10_000, () => {
      for (const key of ['2', '3', '4', '5', '6']) expect(idsOf(got, key)).toEqual(ids(key, 20));
    });
    await log.close();
  }, 60_000);
});
