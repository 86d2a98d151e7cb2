import { afterAll, beforeAll, expect, it } from 'vitest';
import { type EchoBackend, startEchoBackend } from '../support/echo-backend.ts';
import { PollingPeer } from '../support/polling-peer.ts';
import { WebSocketPeer } from '../support/websocket-peer.ts';
import { type Cluster, startCluster } from './support/cluster.ts';
import type { Member } from './support/member.ts';
import { type Services, startRedisOnly } from './support/services.ts';

let services: Services;
let cluster: Cluster;
let backend: EchoBackend;

beforeAll(async () => {
  services = await startRedisOnly();
  backend = await startEchoBackend();
  cluster = await startCluster({
    gateways: 2,
    apis: 1,
    services: services.settings,
    settings: { 'backend.url': backend.url },
  });
});
afterAll(async () => {
  await cluster?.close();
  await backend?.close();
  await services?.close();
});

it('a binary packet begun by polling on one gateway is ended over the WebSocket on another, as stock clients do', async () => {
  const [home, other] = cluster.gateways as [Member, Member];
  const client = await PollingPeer.open(home.url);
  await client.post('40');
  expect(await client.next()).toMatch(/^40\{"sid"/);
  const [first, second] = [
    { _placeholder: true, num: 0 },
    { _placeholder: true, num: 1 },
  ];
  await client.post(
    `452-7["message-with-ack",${JSON.stringify([first, 'text', second])}]`,
    Buffer.from('one'),
  );

  const socket = await WebSocketPeer.open(client.upgradeUrl.replace(home.url, other.url));
  socket.send('2probe');
  expect(await socket.next()).toBe('3probe');
  socket.send('5');
  socket.send(Buffer.from('two'));

  const { body } = await backend.call('OnMessage');
  expect(body.attachments).toEqual(['one', 'two'].map((text) => Buffer.from(text).toString('base64')));
  expect(socket.isClosed).toBe(false);
}, 60_000);
