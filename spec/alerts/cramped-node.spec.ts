import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { NodeProcess } from '../support/node-process.ts';
import { RawWebSocket } from '../support/raw-websocket.ts';
import { PrometheusService } from '../support/services/prometheus-service.ts';
import { firingAt, untilFiring } from './firing.ts';
import { hastenedRules } from './shipped.ts';

const CONFINES = { descriptors: 200, heap: 128 };
/** Nobody is closed for being silent or slow: who is there, and what is kept for them, is up to the test. */
const SETTINGS = {
  'engine.rehearsal': 'false',
  'engine.pingInterval': '10m',
  'slowConsumer.maxBytes': '1GB',
  'slowConsumer.maxDelay': '10m',
};

describe('the alerts about a process that runs out of what it may have', { timeout: 60_000 }, () => {
  let node: NodeProcess;
  let prometheus: PrometheusService;
  beforeAll(async () => {
    node = await NodeProcess.start(SETTINGS, CONFINES);
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
      if ((await metrics()).get('process_open_fds')! > 0.92 * CONFINES.descriptors) return;
      clients.push(...(await Promise.all(Array.from({ length: 5 }, () => RawWebSocket.open(url)))));
    };
    await come();
    expect(await firingAt(prometheus)).toEqual([]);
    await untilFiring(prometheus, 'HoldfastFileDescriptorsHigh', {}, come);
    expect(clients.length).toBeGreaterThan(50);
    for (const client of clients) client.destroy();
  });

  it('HoldfastMemoryHigh: a client that never fetches what is kept for it', {
    timeout: 120_000,
  }, async () => {
    const { clientsUrl, pushUrl } = node.addresses;
    const polling = `${clientsUrl}/socket.io/?EIO=4&transport=polling`;
    const { sid } = JSON.parse((await (await fetch(polling)).text()).slice(1)) as { sid: string };
    await fetch(`${polling}&sid=${sid}`, { method: 'POST', body: '40' });
    expect(await (await fetch(`${polling}&sid=${sid}`)).text()).toMatch(/^40/);
    const push = async (size: number) => {
      const { status } = await fetch(`${pushUrl}/holdfast.v1.PushService/Emit`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ to: { everyone: true }, event: 'big', args: ['x'.repeat(size)] }),
      });
      expect(status).toBe(200);
    };
    // Near the end with care: it is to be full, not to die of it.
    const fill = async () => {
      const now = await metrics();
      const used = now.get('nodejs_heap_size_used_bytes')! / now.get('holdfast_heap_limit_bytes')!;
      if (used < 0.6) await Promise.all([push(900_000), push(900_000), push(900_000)]);
      else if (used < 0.85) await push(300_000);
    };
    const { annotations } = await untilFiring(prometheus, 'HoldfastMemoryHigh', {}, fill, 100_000);
    expect(annotations.summary).toMatch(/has used [89]\d[.\d]*% of its memory$/);
    // Nobody waits for it any more, and the next collection finds all of it.
    await fetch(`${polling}&sid=${sid}`, { method: 'POST', body: '1' });
    expect(node.isRunning).toBe(true);
  });
});
