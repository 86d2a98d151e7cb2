import { Kafka, logLevel } from 'kafkajs';
import { unpack } from 'msgpackr';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { headersOf } from '../../src/adapters/kafka/message-headers.ts';
import { STAGES, type Stage } from '../../src/runtime/trail.ts';
import { ask, type ClientSocket, next } from '../clients/client-socket.ts';
import { LIBRARIES } from '../clients/libraries.ts';
import { eventually } from '../contracts/contract.ts';
import { type RunningNode, startNode } from '../support/node.ts';
import { type Cluster, startCluster } from './support/cluster.ts';
import { type Services, startRedisAndKafka, startRedisOnly } from './support/services.ts';

const MESSAGES = 5;
const TRACEPARENT = `00-${'ab'.repeat(16)}-${'cd'.repeat(8)}-00`;
/** Who times which stage. */
const OF_GATEWAY: readonly Stage[] = ['gateway', 'mailbox', 'delivery'];
const OF_API: readonly Stage[] = ['log', 'api', 'backend', 'dispatch'];

type Count = (stage: Stage) => Promise<number>;

async function connected(url: string): Promise<ClientSocket> {
  const socket = LIBRARIES[0]!.open(url, { user: 'ann', transports: ['websocket'] });
  const greeted = next(socket, 'auth');
  await next(socket, 'connect');
  await greeted;
  return socket;
}

/** Some messages that are acknowledged, and one push with a trace of its own. */
async function talk(socket: ClientSocket, pushUrl: string): Promise<void> {
  for (let number = 0; number < MESSAGES; number++) {
    expect(await ask(socket, 'message-with-ack', number)).toEqual([number]);
  }
  const heard = next(socket, 'news');
  const answer = await fetch(`${pushUrl}/holdfast.v1.PushService/Emit`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', traceparent: TRACEPARENT },
    body: JSON.stringify({ to: { users: ['ann'] }, event: 'news', args: [] }),
  });
  expect(answer.status).toBe(200);
  await heard;
}

/** OnConnect and the messages on the way up; what they were answered, and the push, on the way down. */
async function expectCounted(gateway: Count, api: Count): Promise<void> {
  const [up, down] = [1 + MESSAGES, 1 + MESSAGES + 1];
  const expected = {
    gateway: up,
    log: up,
    api: up,
    backend: up,
    dispatch: down,
    mailbox: down,
    delivery: down,
  };
  await eventually(10_000, async () => {
    const counted = await Promise.all(
      STAGES.map(async (stage) => [stage, await (OF_API.includes(stage) ? api : gateway)(stage)]),
    );
    expect(Object.fromEntries(counted)).toEqual(expected);
  });
}

describe.each([
  ['Redis', startRedisOnly],
  ['Redis and Kafka', startRedisAndKafka],
] as const)('the stages of a message in a cluster on %s', (_, startServices) => {
  let services: Services;
  let cluster: Cluster;
  let socket: ClientSocket;
  beforeAll(async () => {
    services = await startServices();
    cluster = await startCluster({
      gateways: 1,
      apis: 1,
      services: services.settings,
      settings: { 'auth.mode': 'backend' },
    });
    socket = await connected(cluster.gateways[0]!.url);
    await talk(socket, cluster.apis[0]!.url);
  }, 90_000);
  afterAll(async () => {
    socket?.disconnect();
    await cluster?.close();
    await services?.close();
  });

  it('are timed by the node that knows, each once for each message', async () => {
    const [gateway, api] = [cluster.gateways[0]!, cluster.apis[0]!];
    const of = (member: typeof gateway): Count => {
      return (stage) => member.metric('holdfast_delivery_delay_seconds_count', `stage="${stage}"`);
    };
    await expectCounted(of(gateway), of(api));
    for (const stage of OF_API) expect(await of(gateway)(stage)).toBe(0);
    for (const stage of OF_GATEWAY) expect(await of(api)(stage)).toBe(0);
  });

  it('are told to the backend as headers, in their order and behind the time of the event', async () => {
    const { headers, body } = await cluster.backend.call('OnMessage');
    const times = ['gateway', 'log', 'api', 'backend'].map((stage) => Number(headers[`x-time-${stage}`]));
    expect(times[0]).toBe(Date.parse((body as unknown as { time: string }).time));
    expect([...times].sort((a, b) => a - b)).toEqual(times);
    expect(Math.abs(Date.now() - times[0]!)).toBeLessThan(120_000);
  });

  it('belong to the trace of the event', async () => {
    const { headers, body } = await cluster.backend.call('OnMessage');
    expect(headers.traceparent).toContain((body as unknown as { traceId: string }).traceId);
  });

  // What there is to see for others than Holdfast.
  if (startServices !== startRedisAndKafka) return;

  it('are in the headers of records and in letters, as any Kafka client sees them', async () => {
    for (const { headers } of await inTopic(services, 'ws.upstream', 1 + MESSAGES)) {
      const [gateway, log] = [Number(headers['X-Time-Gateway']), Number(headers['X-Time-Log'])];
      expect(gateway).toBeGreaterThan(Date.now() - 120_000);
      expect(log).toBeGreaterThanOrEqual(gateway);
      expect(log).toBeLessThanOrEqual(Date.now());
    }
    for (const letter of await letters(services)) {
      const { kind, command, time } = letter;
      const times = [...trailOf(letter).times, time].filter((one) => one !== 0);
      expect([...times].sort((a, b) => a - b)).toEqual(times);
      expect(times).toHaveLength(kind === 'command' && command!.event === 'news' ? 2 : 6);
    }
  });

  it('keep the trace of an event up to its acknowledgement, and that of a request up to its push', async () => {
    const { body } = await cluster.backend.call('OnMessage');
    const { traceId } = body as unknown as { traceId: string };
    const records = await inTopic(services, 'ws.upstream', 1 + MESSAGES);
    const record = records.find(({ headers }) => headers['X-Trace-ID'] === traceId)!;
    expect(record.headers.traceparent).toBe(`00-${traceId}-${traceId.slice(16)}-01`);
    const seen = await letters(services);
    const acknowledgements = seen.filter(({ kind }) => kind === 'acknowledge').map(trailOf);
    expect(acknowledgements.map(({ traceparent }) => traceparent)).toContain(record.headers.traceparent);
    const push = seen.find(({ command }) => command?.event === 'news')!;
    expect(trailOf(push).traceparent).toBe(TRACEPARENT);
  });
});

describe('the stages of a message on a single node', () => {
  let node: RunningNode;
  let socket: ClientSocket;
  beforeAll(async () => {
    node = await startNode({ 'auth.mode': 'backend' });
    socket = await connected(node.clientsUrl);
    await talk(socket, node.pushUrl);
  });
  afterAll(async () => {
    socket?.disconnect();
    await node?.close();
  });

  it('are all timed by it, each once for each message', async () => {
    const count: Count = (stage) => node.metric('holdfast_delivery_delay_seconds_count', { stage });
    await expectCounted(count, count);
  });
});

interface SeenLetter {
  readonly kind: string;
  readonly time: number;
  readonly trail?: SeenTrail;
  readonly command?: { readonly event: string; readonly trail: SeenTrail };
}

interface SeenTrail {
  readonly traceparent: string;
  readonly times: readonly number[];
}

function trailOf({ trail, command }: SeenLetter): SeenTrail {
  return (trail ?? command?.trail)!;
}

/** Of the acknowledgements, the greeting and the push. */
async function letters(services: Services): Promise<SeenLetter[]> {
  const records = await inTopic(services, 'holdfast.mailbox', MESSAGES + 2);
  return records.map(({ value }) => unpack(value) as SeenLetter).filter((one) => trailOf(one) !== undefined);
}

/** Everything in a topic, once there are `count` records. */
async function inTopic(services: Services, topic: string, count: number) {
  const kafka = new Kafka({ brokers: [services.kafka!.brokers], logLevel: logLevel.NOTHING });
  const consumer = kafka.consumer({ groupId: `spec-${topic}-${Date.now()}` });
  const found: { headers: Record<string, string>; value: Buffer }[] = [];
  await consumer.connect();
  try {
    await consumer.subscribe({ topics: [topic], fromBeginning: true });
    await consumer.run({
      eachMessage: async ({ message: { headers, value } }) => {
        found.push({ headers: headersOf(headers), value: value! });
      },
    });
    await eventually(18_000, () => expect(found.length).toBeGreaterThanOrEqual(count));
  } finally {
    await consumer.disconnect();
  }
  return found;
}
