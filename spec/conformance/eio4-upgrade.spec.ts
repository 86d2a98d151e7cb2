import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'vitest';
import { judge } from '../support/judge.ts';
import { PollingPeer } from '../support/polling-peer.ts';
import { WebSocketPeer } from '../support/websocket-peer.ts';

judge('Engine.IO 4 upgrade', ({ server, clause }) => {
  const open = () => PollingPeer.open(server().url, { path: '/engine.io/' });
  const probe = async (peer: PollingPeer) => {
    const websocket = await WebSocketPeer.open(peer.upgradeUrl);
    websocket.send('2probe');
    expect(await websocket.next()).toBe('3probe');
    return websocket;
  };
  const upgraded = async () => {
    const polling = await open();
    const websocket = await probe(polling);
    websocket.send('5');
    websocket.send('4upgraded');
    expect(await websocket.next()).toBe('4upgraded');
    return { polling, websocket };
  };

  clause(
    'EIO4-UP-1',
    'answers the probe and goes on over the websocket after the UPGRADE packet',
    async () => {
      const { websocket } = await upgraded();
      websocket.send(Buffer.from([1, 2, 3]));
      expect(await websocket.next()).toEqual(Buffer.from([1, 2, 3]));
      websocket.close();
    },
  );

  clause('EIO4-UP-2', 'releases the pending GET with a noop once the probe was answered', async () => {
    const polling = await open();
    const poll = polling.poll();
    const websocket = await probe(polling);
    expect(await poll).toEqual(['6']);
    websocket.send('5', '4x');
    expect(await websocket.next()).toBe('4x');
    websocket.close();
  });

  clause('EIO4-UP-3', 'refuses HTTP requests of an upgraded session, which lives on', async () => {
    const { polling, websocket } = await upgraded();
    expect((await polling.get()).status).toBe(400);
    expect((await polling.post('4stray')).status).toBe(400);
    websocket.send('4hello');
    expect(await websocket.next()).toBe('4hello');
    websocket.close();
  });

  clause('EIO4-UP-4', 'turns a second websocket of an upgraded session away', async () => {
    const { polling, websocket } = await upgraded();
    const second = await WebSocketPeer.open(polling.upgradeUrl).catch(() => null);
    second?.send('2probe');
    await second?.untilClosed();
    websocket.send('4hello');
    expect(await websocket.next()).toBe('4hello');
    websocket.close();
  });

  clause('EIO4-UP-5', 'turns a second websocket away while one is probing', async () => {
    const polling = await open();
    const first = await probe(polling);
    const second = await WebSocketPeer.open(polling.upgradeUrl).catch(() => null);
    second?.send('2probe');
    await second?.untilClosed();
    first.send('5', '4hello');
    expect(await first.next()).toBe('4hello');
    first.close();
  });

  for (const packet of ['2', '2probed', '4hello', '6', 'abc', '3probe']) {
    clause('EIO4-UP-6', `closes the websocket alone when it opens with ${packet}`, async () => {
      const polling = await open();
      const websocket = await WebSocketPeer.open(polling.upgradeUrl, { heartbeat: 'none' });
      websocket.send(packet);
      await websocket.untilClosed();
      await polling.post('4still here');
      expect(await polling.next()).toBe('4still here');
    });
  }

  for (const packet of ['4hello', '3', '6', 'abc']) {
    clause('EIO4-UP-7', `closes the websocket alone when ${packet} follows the probe`, async () => {
      const polling = await open();
      const websocket = await probe(polling);
      websocket.send(packet);
      await websocket.untilClosed();
      await polling.post('4still here');
      expect(await polling.next()).toBe('4still here');
    });
  }

  clause(
    'EIO4-UP-8',
    'closes a websocket that does not finish within upgradeTimeout, and keeps polling',
    async () => {
      const polling = await open();
      const websocket = await probe(polling);
      const keepAlive = polling.next(server().upgradeTimeout * 4);
      await websocket.untilClosed(server().upgradeTimeout * 3);
      await polling.post('4still here');
      expect(await keepAlive).toBe('4still here');
    },
  );

  clause('EIO4-UP-9', 'keeps polling when the probing websocket goes away', async () => {
    const polling = await open();
    const websocket = await probe(polling);
    websocket.terminate();
    await sleep(30);
    await polling.post('4still here');
    expect(await polling.next()).toBe('4still here');
    const again = await probe(polling);
    again.send('5', '4now');
    expect(await again.next()).toBe('4now');
    again.close();
  });

  clause('EIO4-UP-10', 'loses and reorders nothing while the transport changes', async () => {
    const polling = await open();
    const sent: string[] = [];
    const batch = (name: string) => {
      const packets = Array.from({ length: 40 }, (_, i) => `4${name}${i}`);
      sent.push(...packets);
      return packets;
    };
    await polling.post(...batch('before'));
    const received: unknown[] = [await polling.next()];
    const websocket = await probe(polling);
    await polling.post(...batch('during'));
    const last = await polling.poll();
    websocket.send('5', ...batch('after'));
    const rest: unknown[] = [];
    received.push(...(await drain(polling)), ...last);
    while (received.filter(isMessage).length + rest.length < sent.length) rest.push(await websocket.next());
    expect([...received.filter(isMessage), ...rest]).toEqual(sent);
    websocket.close();
  });
});

const isMessage = (packet: unknown) => typeof packet === 'string' && packet[0] === '4';

/** Packets already fetched by the peer but not yet taken. */
async function drain(peer: PollingPeer): Promise<unknown[]> {
  const packets: unknown[] = [];
  while (peer.unread > 0) packets.push(await peer.next());
  return packets;
}
