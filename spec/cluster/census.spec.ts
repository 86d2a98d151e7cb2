import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Census, MachineChart } from '../../src/runtime/ports/census.ts';
import type { FoundConnection } from '../../src/runtime/ports/inspector.ts';
import { type ClientSocket, next } from '../clients/client-socket.ts';
import { LIBRARIES } from '../clients/libraries.ts';
import { type Cluster, startCluster } from './support/cluster.ts';
import type { Member } from './support/member.ts';
import { type Services, startRedisOnly } from './support/services.ts';

let services: Services;
let cluster: Cluster;
const sockets: ClientSocket[] = [];

beforeAll(async () => {
  services = await startRedisOnly();
  cluster = await startCluster({
    gateways: 1,
    apis: 1,
    services: services.settings,
    settings: { 'auth.mode': 'backend' },
  });
});
afterAll(async () => {
  for (const socket of sockets) socket.disconnect();
  await cluster?.close();
  await services?.close();
});

async function get<Body>(member: Member, path: string): Promise<Body> {
  return (await (await fetch(`${member.adminUrl}/inspect/${path}`)).json()) as Body;
}

it('a gateway of a cluster counts its clients by its own number, an API node only itself', async () => {
  const [gateway] = cluster.gateways as [Member];
  const [api] = cluster.apis as [Member];
  for (let i = 0; i < 3; i++) {
    const socket = LIBRARIES[0]!.open(gateway.url, { user: `user ${i}`, transports: ['websocket'] });
    sockets.push(socket);
    await next(socket, 'connect', 30_000);
  }
  const counted = await get<Census>(gateway, 'census');
  expect(counted.total).toBe(3);
  expect(counted.node).toMatch(/^\d+$/);
  expect(counted.machines.connection.states['open.transport.websocket']!.count).toBe(3);
  expect(counted.machines.socket.states.connected!.count).toBe(3);
  expect(counted.machines.node.states).toMatchObject({ ready: { count: 1 } });
  expect((await get<Census>(gateway, `census?node=${counted.node}&user=user+1`)).total).toBe(1);
  const { connections } = await get<{ connections: FoundConnection[] }>(gateway, 'connections?q=user+2');
  expect(connections.map(({ user }) => user)).toEqual(['user 2']);
  expect(await get(gateway, 'strange')).toMatchObject({ node: counted.node, overdue: [], backoff: [] });

  const charts = async (member: Member) =>
    (await get<{ machines: MachineChart[] }>(member, 'machines')).machines.map(({ id }) => id);
  expect(await charts(gateway)).toEqual(['connection', 'socket', 'node']);
  expect(await charts(api)).toEqual(['node']);
  const alone = await get<Census>(api, 'census');
  expect(alone).toMatchObject({ total: 0, machines: { connection: { states: {}, arrows: {} } } });
  expect(alone.machines.node.states).toMatchObject({ ready: { count: 1 } });
  expect(alone.node).not.toBe(counted.node);
}, 60_000);
