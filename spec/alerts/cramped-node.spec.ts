import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { NodeProcess } from '../support/node-process.ts';
import { RawWebSocket } from '../support/raw-websocket.ts';
import { PrometheusService } from '../support/services/prometheus-service.ts';
import { firingAt, untilFiring } from './firing.ts';
import { hastenedRules } from './shipped.ts';

const DESCRIPTORS = 200;
/** Nobody is closed for being silent. */
const SETTINGS = {
  'engine.rehearsal': 'false',
  'engine.pingInterval': '10m',
};

describe('the alert about a process that runs out of files', { timeout: 60_000 }, () => {
  let node: NodeProcess;
  let prometheus: PrometheusService;
  beforeAll(async () => {
    node = await NodeProcess.start(SETTINGS, DESCRIPTORS);
    prometheus = await PrometheusService.start({
      targets: [new URL(node.addresses.adminUrl).host],
      rules: hastenedRules(),
      every: '500ms',
    });
  }, 60_000);
  afterAll(async () => {
    await prometheus?.close();
    await node?.stop();
  });

  /** Values of `/metrics` by name; of those without labels. */
  async function metrics(): Promise<ReadonlyMap<string, number>> {
    const text = await (await fetch(`${node.addresses.adminUrl}/metrics`)).text();
    return new Map([...text.matchAll(/^(\w+) (\S+)$/gm)].map(([, name, value]) => [name!, Number(value)]));
  }

  it('HoldfastFileDescriptorsHigh: more clients than it may have files', async () => {
    const url = `${node.addresses.clientsUrl}/socket.io/?EIO=4&transport=websocket`;
    const clients: RawWebSocket[] = [];
    const come = async () => {
      if ((await metrics()).get('process_open_fds')! > 0.92 * DESCRIPTORS) return;
      clients.push(...(await Promise.all(Array.from({ length: 5 }, () => RawWebSocket.open(url)))));
    };
    await come();
    expect(await firingAt(prometheus)).toEqual([]);
    await untilFiring(prometheus, 'HoldfastFileDescriptorsHigh', {}, come);
    expect(clients.length).toBeGreaterThan(50);
    for (const client of clients) client.destroy();
  });
});
