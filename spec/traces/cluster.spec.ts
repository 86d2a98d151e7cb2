import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ClientSocket } from '../clients/client-socket.ts';
import { type Cluster, startCluster } from '../cluster/support/cluster.ts';
import { type Services, startRedisAndKafka, startRedisOnly } from '../cluster/support/services.ts';
import { eventually } from '../contracts/contract.ts';
import { TraceCollector } from '../support/trace-collector.ts';
import { expectMessage, expectPush } from './expected-chain.ts';
import { connected, talk } from './talk.ts';

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
});
