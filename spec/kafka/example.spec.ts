import { unpack } from 'msgpackr';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { kafkaClient } from '../../src/adapters/kafka/kafka-client.ts';
import { KafkaUpstreamLog } from '../../src/adapters/kafka/upstream-log.ts';
import { SystemClock } from '../../src/runtime/time/system-clock.ts';
import { SilentLog } from '../auth/silent-log.ts';
import { eventually } from '../contracts/contract.ts';
import { message } from '../contracts/upstream-log-contract.ts';
import { run, stop } from '../examples/example-process.ts';
import { KafkaFixture } from './kafka-fixture.ts';

let kafka: KafkaFixture;

beforeAll(async () => {
  kafka = await KafkaFixture.start();
  await kafka.reset();
});
afterAll(() => kafka?.close());

it('reads what gateways write to ws.upstream, and answers to the socket through ws.downstream', async () => {
  const client = kafkaClient(kafka.settings, new SilentLog(), new SystemClock());
  const example = run([process.execPath, 'examples/kafka/echo.js', kafka.settings.brokers.join()]);
  let output = '';
  for (const stream of [example.stdout, example.stderr]) stream.on('data', (chunk) => (output += chunk));
  const consumer = client.consumer({ groupId: 'spec-example' });
  const log = new KafkaUpstreamLog({
    kafka: client,
    clock: new SystemClock(),
    log: new SilentLog(),
    version: 'test',
    maxRecords: 100,
    maxBytes: 1_000_000,
    observe: () => {},
    left: () => {},
    refused: () => {},
    lagged: () => {},
  });
  try {
    await eventually(18_000, () => expect(output).toContain('echoing'));
    const answers: unknown[] = [];
    await consumer.connect();
    await consumer.subscribe({ topics: ['ws.downstream'], fromBeginning: true });
    await consumer.run({
      eachMessage: async ({ message: { key, value } }) => {
        answers.push([key?.toString(), unpack(value!)]);
      },
    });
    // Its group begins at the end, wherever that is by then.
    let number = 0;
    await eventually(18_000, async () => {
      log.append(message('1001', number++));
      await log.flush();
      expect(answers.length).toBeGreaterThan(0);
    });
    expect(answers[0]).toEqual(['1001', ['message from Kafka', expect.any(Number)]]);
    expect(output).toContain('Message of socket 1001, user "u1"');
  } finally {
    await stop(example);
    await consumer.disconnect();
    await log.close();
  }
}, 60_000);
