import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { PollingPeer } from '../support/polling-peer.ts';
import { WebSocketPeer } from '../support/websocket-peer.ts';
import { type Cluster, startCluster } from './support/cluster.ts';
import type { Member } from './support/member.ts';
import { type Services, startRedisOnly } from './support/services.ts';

/** Longer than a client may take to upgrade, ms. */
const LOGIN = 3000;

let services: Services;
let cluster: Cluster;
const backend = createServer(async (request, response) => {
  if (request.url?.endsWith('/OnAuthenticate')) await sleep(LOGIN);
  response.writeHead(200, { 'content-type': 'application/json' });
  response.end('{"user":"alice"}');
});

beforeAll(async () => {
  services = await startRedisOnly();
  await new Promise<void>((resolve) => backend.listen(0, '127.0.0.1', resolve));
  cluster = await startCluster({
    gateways: 2,
    apis: 1,
    services: services.settings,
    settings: {
      'backend.url': `http://127.0.0.1:${(backend.address() as AddressInfo).port}`,
      'auth.mode': 'backend',
      'engine.upgradeTimeout': '1s',
    },
  });
});
afterAll(async () => {
  await cluster?.close();
  backend.close();
  backend.closeAllConnections();
  await services?.close();
});

it('a session that upgrades on another node before its login is decided goes there when it is, however long the backend takes', async () => {
  const [home, other] = cluster.gateways as [Member, Member];
  const client = await PollingPeer.open(home.url);
  await client.post('40');
  const socket = await WebSocketPeer.open(client.upgradeUrl.replace(home.url, other.url));
  socket.send('2probe');
  expect(await socket.next()).toBe('3probe');
  const upgraded = performance.now();
  socket.send('5');
  expect(await socket.next(LOGIN * 3)).toMatch(/^40\{"sid"/);
  expect(performance.now() - upgraded).toBeGreaterThan(1000);
  expect(await cluster.push('Emit', { to: { users: ['alice'] }, event: 'news' })).toBeDefined();
  expect(await socket.next()).toBe('42["news"]');
}, 60_000);
