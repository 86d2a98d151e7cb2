import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ClientSocket, next } from '../clients/client-socket.ts';
import { LIBRARIES } from '../clients/libraries.ts';
import { type Cluster, startCluster } from './support/cluster.ts';
import type { Member } from './support/member.ts';
import { type Services, startRedisAndKafka, startRedisOnly } from './support/services.ts';
import { until } from './support/until.ts';

const LEASE = 4_000;

describe.each([
  ['Redis alone', startRedisOnly],
  ['Redis and Kafka', startRedisAndKafka],
])('acknowledgements after a gateway was killed, on %s', (_bus, startServices) => {
  let services: Services;
  let cluster: Cluster;
  const sockets: ClientSocket[] = [];

  beforeAll(async () => {
    services = await startServices();
    cluster = await startCluster({
      gateways: 3,
      apis: 1,
      services: services.settings,
      settings: { 'cluster.leaseTtl': `${LEASE}ms` },
    });
  }, 120_000);
  afterAll(async () => {
    for (const socket of sockets) socket.disconnect();
    await cluster?.close();
    await services?.close();
  });

  it('are those of the living at the deadline, and the sockets of the dead are missing', async () => {
    const gateways = cluster.gateways as [Member, Member, Member];
    const ids: string[] = [];
    for (const [i, { url }] of gateways.entries()) {
      const socket = LIBRARIES[0]!.open(url, { user: 'x', transports: ['websocket'], reconnection: false });
      sockets.push(socket);
      await next(socket, 'connect');
      ids.push(socket.id!);
      socket.on('question', (...args) => (args.at(-1) as (answer: number) => void)(i));
    }
    const [, , lost] = ids;
    const to = { rooms: ['r'] };
    const counted = async () => (await cluster.push('CountSockets', { to })).sockets;
    await cluster.push('Join', { to: { sockets: ids }, rooms: ['r'] });
    await until(async () => (await counted()) === ids.length, 10_000);

    await gateways[2].kill();
    const asked = async (timeout: string, collect: string) => {
      const began = Date.now();
      const ack = { timeout, collect };
      const request = { to, event: 'question', ack };
      const { acks, missing, acked, expected } = await cluster.push('Emit', request, 30_000);
      const answers = (acks as { args: number[] }[] | undefined)?.map(({ args }) => args[0]).sort();
      return { answers, missing, acked, expected, took: Date.now() - began };
    };
    const [soon, later, numbers] = await Promise.all([
      asked('1s', 'answers'),
      // By then the dead gateway was buried, and nobody knows of its sockets any more.
      asked('12s', 'answers'),
      asked('1s', 'count'),
    ]);
    expect(soon).toMatchObject({ answers: [0, 1], missing: [lost] });
    expect(soon.took).toBeLessThan(4_000);
    expect(numbers).toMatchObject({ acked: 2, expected: 3 });
    expect(later).toMatchObject({ answers: [0, 1], missing: [lost] });
    expect(await counted()).toBe(2);
  }, 90_000);
});
