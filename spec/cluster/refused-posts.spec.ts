import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type EchoBackend, startEchoBackend } from '../support/echo-backend.ts';
import { PollingPeer } from '../support/polling-peer.ts';
import { type Cluster, startCluster } from './support/cluster.ts';
import type { Member } from './support/member.ts';
import { type Services, startRedisOnly } from './support/services.ts';

const MAX_PAYLOAD = 10_000;

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
    settings: {
      'backend.url': backend.url,
      'engine.maxPayload': String(MAX_PAYLOAD),
      'clients.jsonp': 'true',
    },
  });
});
afterAll(async () => {
  await cluster?.close();
  await backend?.close();
  await services?.close();
});

/** A session that began on the first gateway: its socket, and its address on the one that it comes to next. */
async function join(comesTo: number): Promise<{ socket: string; url: string }> {
  const [home] = cluster.gateways as [Member];
  const client = await PollingPeer.open(home.url);
  await client.post('40');
  const connected = String(await client.next());
  expect(connected).toMatch(/^40\{"sid"/);
  const { sid } = JSON.parse(connected.slice(2)) as { sid: string };
  return { socket: sid, url: client.url.replace(home.url, cluster.gateways[comesTo]!.url) };
}

async function endOf(socket: string): Promise<string | undefined> {
  const { body } = await backend.call('OnDisconnect', (call) => call.socket.id === socket, 10_000);
  return body.reason;
}

describe.each([
  ['at the gateway where its session lives', 0],
  ['at another gateway', 1],
])('a POST %s', (_where, gateway) => {
  it('above engine.maxPayload is answered with 413, and ends the session', async () => {
    const { socket, url } = await join(gateway);
    const answer = await fetch(url, { method: 'POST', body: `42["${'x'.repeat(MAX_PAYLOAD)}"]` });
    expect(answer.status).toBe(413);
    expect(await endOf(socket)).toBe('payload too large');
  });

  it('that is no JSONP form is answered with 400, and ends the session', async () => {
    const { socket, url } = await join(gateway);
    const answer = await fetch(`${url}&j=0`, { method: 'POST', body: '42["without its field"]' });
    expect(answer.status).toBe(400);
    expect(await endOf(socket)).toBe('parse error');
  });

  it('whose client goes away in the middle ends the session', async () => {
    const { socket, url } = await join(gateway);
    const { hostname, port, pathname, search } = new URL(url);
    const line = connect({ host: hostname, port: Number(port) });
    line.write(
      `POST ${pathname}${search} HTTP/1.1\r\nHost: ${hostname}\r\nContent-Length: 100\r\n\r\n42["half`,
    );
    setTimeout(() => line.destroy(), 200);
    expect(await endOf(socket)).toBe('transport close');
  });
});
