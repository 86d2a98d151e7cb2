import { Redis } from 'ioredis';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type ClientSocket, next } from '../clients/client-socket.ts';
import { LIBRARIES } from '../clients/libraries.ts';
import { type Cluster, startCluster } from './support/cluster.ts';
import type { Member } from './support/member.ts';
import { type Services, startRedisOnly } from './support/services.ts';
import { until } from './support/until.ts';

let services: Services;
let cluster: Cluster;
let listener: Redis;
const sockets: ClientSocket[] = [];

beforeAll(async () => {
  services = await startRedisOnly();
  cluster = await startCluster({
    gateways: 2,
    apis: 1,
    services: services.settings,
    settings: { 'drain.rate': '1', 'drain.timeout': '20s', 'cluster.leaseTtl': '30s' },
  });
  listener = new Redis(services.redis.url);
});
afterAll(async () => {
  listener?.disconnect();
  for (const socket of sockets) socket.disconnect();
  await cluster?.close();
  await services?.close();
});

async function nodesSeenBy(member: Member): Promise<string> {
  const body = (await member.readiness())?.body as { dependencies: { nodes: { detail: string } } };
  return body.dependencies.nodes.detail;
}

it('a node that drains says so to all others at once, long before its lease would', async () => {
  const [drained, other] = cluster.gateways as [Member, Member];
  const [api] = cluster.apis as [Member];
  for (let i = 0; i < 5; i++) {
    const socket = LIBRARIES[0]!.open(drained.url, { user: 'x', transports: ['websocket'] });
    sockets.push(socket);
    await next(socket, 'connect');
  }
  for (const member of [other, api]) expect(await nodesSeenBy(member)).toBe('2 gateways, 1 api node');
  const notices: string[] = [];
  listener.on('message', (_channel, text: string) => {
    if (!text.includes('canary')) notices.push(text);
  });
  await listener.subscribe('holdfast:events');
  drained.signal('SIGTERM');
  for (const member of [other, api, drained]) {
    await until(async () => (await nodesSeenBy(member)) === '2 gateways (1 drains), 1 api node', 3_000);
  }
  expect(notices.map((text) => JSON.parse(text).event)).toEqual([
    { kind: 'node changed', number: expect.any(Number) },
  ]);
}, 60_000);
