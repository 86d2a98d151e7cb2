import { Kafka, logLevel } from 'kafkajs';
import { pack } from 'msgpackr';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ClientSocket, next } from '../clients/client-socket.ts';
import { type Cluster, startCluster } from '../cluster/support/cluster.ts';
import { type Services, startRedisAndKafka, startRedisOnly } from '../cluster/support/services.ts';
import { eventually } from '../contracts/contract.ts';
import { TraceCollector } from '../support/trace-collector.ts';
import { expectMessage, expectPush, treeOf } from './expected-chain.ts';
import { connected, pushTraced, talk } from './talk.ts';

const ROLES = { gateway: 'holdfast-gateway', api: 'holdfast-api' };
const TRACE = 'ab'.repeat(16);
const PARENT = 'cd'.repeat(8);

/** Of processes that share nothing but Redis, or Redis and Kafka. */
describe.each([
  ['Redis', startRedisOnly, 'redis'],
  ['Redis and Kafka', startRedisAndKafka, 'kafka'],
] as const)('the traces of a cluster on %s', (_, startServices, system) => {
  let services: Services;
  let cluster: Cluster;
  let collector: TraceCollector;
  let socket: ClientSocket;
  beforeAll(async () => {
    collector = await TraceCollector.start();
    services = await startServices();
    cluster = await startCluster({
      gateways: 1,
      apis: 1,
      services: services.settings,
      settings: { 'auth.mode': 'backend', 'tracing.endpoint': collector.url, 'tracing.sample': '1' },
    });
    socket = await connected(cluster.gateways[0]!.url);
    await talk(socket, cluster.apis[0]!.url, `00-${TRACE}-${PARENT}-01`);
  }, 90_000);
  afterAll(async () => {
    socket?.disconnect();
    await cluster?.close();
    await services?.close();
    await collector?.close();
  });

  /** Spans of a trace that began with the span `PARENT` of somebody else, as a tree. */
  const treeBelow = (traceId: string) => treeOf(collector.ofTrace(traceId), PARENT);

  it('lead a message through gateway, log, API and backend, and its answer back to the client', async () => {
    const { headers, body } = await cluster.backend.call('OnMessage');
    const { traceId } = body as unknown as { traceId: string };
    await eventually(10_000, () => expectMessage(collector.ofTrace(traceId), { ...ROLES, system }));
    const call = collector.ofTrace(traceId).find(({ kind }) => kind === 'client')!;
    expect(headers.traceparent).toBe(`00-${traceId}-${call.spanId}-01`);
  });

  it('lead a push from the request of the pusher to the client', async () => {
    await eventually(10_000, () => expectPush(collector.ofTrace(TRACE), PARENT, { ...ROLES, system }));
  });

  // The topic that anybody may produce to is Kafka's.
  if (system === 'kafka') {
    it('lead a record of ws.downstream to the client', async () => {
      const traceId = '12'.repeat(16);
      const kafka = new Kafka({ brokers: services.kafka!.brokers.split(','), logLevel: logLevel.NOTHING });
      const producer = kafka.producer({ allowAutoTopicCreation: false });
      await producer.connect();
      const heard = next(socket, 'news');
      const headers = { 'X-Uid': 'ann', traceparent: `00-${traceId}-${PARENT}-01` };
      await producer.send({
        topic: 'ws.downstream',
        messages: [{ key: 'ann', value: pack(['news']), headers }],
      });
      await producer.disconnect();
      await heard;
      const expected = [
        `${ROLES.api}: consumer process ws.downstream`,
        `  ${ROLES.api}: producer send holdfast.mailbox`,
        `    ${ROLES.gateway}: consumer process holdfast.mailbox`,
      ];
      await eventually(10_000, () => expect(treeBelow(traceId)).toBe(expected.join('\n')));
    });
  }

  // In this order: it is ann who joins, leaves and goes.
  it.each([
    ['Join', { rooms: ['doc-1'] }],
    ['Leave', { rooms: ['doc-1'] }],
    ['Disconnect', { namespace: '/' }],
  ])('lead %s to the gateway that does it', async (method, request) => {
    const traceId = method.length.toString(16).repeat(32);
    const traceparent = `00-${traceId}-${PARENT}-01`;
    const to = { users: ['ann'] };
    const answer = await pushTraced(cluster.apis[0]!.url, method, { ...request, to }, traceparent);
    expect(answer).toMatchObject({ sockets: 1 });
    const expected = [
      `${ROLES.api}: server holdfast.v1.PushService/${method}`,
      `  ${ROLES.api}: producer send holdfast.mailbox`,
      `    ${ROLES.gateway}: consumer process holdfast.mailbox`,
    ];
    await eventually(10_000, () => expect(treeBelow(traceId)).toBe(expected.join('\n')));
    const done = collector.ofTrace(traceId).find(({ kind }) => kind === 'consumer')!;
    expect(done.attributes['holdfast.command']).toBe(method.toLowerCase());
  });
});
