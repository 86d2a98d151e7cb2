import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'vitest';
import type { RunningNode } from '../support/node.ts';
import { PollingPeer } from '../support/polling-peer.ts';
import { connectMain, openEngine } from '../support/socketio-peer.ts';
import type { WebSocketPeer } from '../support/websocket-peer.ts';
import { street } from './street.ts';

const BOUND = 1_000_000;
const PAYLOAD = 'x'.repeat(6000);

/** Clients that take more than they give. A long heartbeat, so that nothing but the bound closes them. */
street(
  'slow consumers',
  {
    'engine.pingInterval': '60s',
    'engine.pingTimeout': '60s',
    'slowConsumer.maxBytes': String(BOUND),
    'slowConsumer.maxDelay': '60s',
  },
  (row) => {
    row(
      'SLOW-1',
      'closes readers that have stopped as slow consumer, within the bound',
      async (node) => {
        const stopped: WebSocketPeer[] = [];
        for (let i = 0; i < 20; i++) stopped.push(await intoRoom(node, 'stopped'));
        for (const peer of stopped) peer.pause();
        const before = node.process.rss;
        let most = before;
        for (let i = 0; i < 3000; i++) {
          await node.push('Emit', { to: { rooms: ['stopped'] }, event: 'bulk', args: [i, PAYLOAD] });
          if (i % 300 === 0) most = Math.max(most, node.process.rss);
        }
        for (const _ of stopped) await slow(node);
        expect(await node.metric('holdfast_disconnects_total', { reason: 'slow consumer' })).toBe(
          stopped.length,
        );
        expect(most - before).toBeLessThan(1.2 * BOUND * stopped.length + 60e6);
        for (const peer of stopped) peer.terminate();
      },
      60_000,
    );

    row('SLOW-1', 'closes a polling client that does not poll as slow consumer', async (node) => {
      const peer = await PollingPeer.open(node.clientsUrl);
      await peer.post('40');
      expect(await peer.next()).toMatch(/^40/);
      await peer.post('420["join","lazy"]');
      while ((await peer.next()) !== '430["joined"]');
      for (let i = 0; i < 200; i++) {
        await node.push('Emit', { to: { rooms: ['lazy'] }, event: 'bulk', args: [PAYLOAD] });
      }
      await slow(node);
      expect((await peer.get()).status).toBe(400);
    });

    row(
      'SLOW-2',
      'drops volatile messages instead, and counts each',
      async (node) => {
        const peer = await intoRoom(node, 'volatile');
        const dropped = () => node.metric('holdfast_messages_dropped_total');
        const before = await dropped();
        peer.pause();
        const sent = 2000;
        for (let i = 0; i < sent; i++) {
          await node.push('Emit', {
            to: { rooms: ['volatile'] },
            event: 'bulk',
            args: [i, PAYLOAD],
            volatile: true,
          });
        }
        peer.resume();
        await node.push('Emit', { to: { rooms: ['volatile'] }, event: 'end', args: [] });
        let received = 0;
        for (let packet = await peer.text(); packet !== '42["end"]'; packet = await peer.text()) received++;
        expect(received).toBeLessThan(sent);
        expect((await dropped()) - before).toBe(sent - received);
        peer.close();
      },
      60_000,
    );

    row('SLOW-2', 'drops volatile messages for a polling client without a pending GET', async (node) => {
      const peer = await PollingPeer.open(node.clientsUrl);
      await peer.post('40');
      expect(await peer.next()).toMatch(/^40/);
      await peer.post('420["join","absent"]');
      while ((await peer.next()) !== '430["joined"]');
      const emit = (event: string, volatile: boolean) =>
        node.push('Emit', { to: { rooms: ['absent'] }, event, args: [], volatile });
      await emit('lost', true);
      await emit('kept', false);
      expect(await peer.next()).toBe('42["kept"]');
    });

    row(
      'SLOW-4',
      'bears 40 clients that each send the largest message at once',
      async (node) => {
        const before = node.process.rss;
        const peers = await Promise.all(Array.from({ length: 40 }, () => openEngine(node.clientsUrl)));
        for (const peer of peers) peer.send(`42${'x'.repeat(BOUND - 10)}`);
        await Promise.all(peers.map((peer) => peer.untilClosed(10_000)));
        expect(node.process.rss - before).toBeLessThan(150e6);
      },
      30_000,
    );
  },
);

street(
  'slow consumers by time',
  {
    'engine.pingInterval': '60s',
    'engine.pingTimeout': '60s',
    'slowConsumer.maxBytes': '50MB',
    'slowConsumer.maxDelay': '1s',
  },
  (row) => {
    row(
      'SLOW-3',
      'closes a reader that takes nothing for maxDelay as slow consumer',
      async (node) => {
        const peer = await intoRoom(node, 'stuck');
        peer.pause();
        for (let i = 0; i < 1500; i++) {
          await node.push('Emit', { to: { rooms: ['stuck'] }, event: 'bulk', args: [PAYLOAD] });
        }
        await sleep(1000);
        await slow(node);
        peer.terminate();
      },
      30_000,
    );
  },
);

street(
  'rate limit of a connection',
  { 'limits.connection.messages': '100', 'limits.connection.burst': '200' },
  (row) => {
    row('RATE-1', 'closes a client that floods as rate limit', async (node) => {
      const peer = await connectMain(node.clientsUrl);
      for (let i = 0; i < 1000; i++) peer.send('42["flood"]');
      await peer.untilClosed();
      await node.backend.call('OnDisconnect', ({ reason }) => reason === 'rate limit');
      expect(await node.metric('holdfast_disconnects_total', { reason: 'rate limit' })).toBe(1);
    });
  },
);

street('limits of an address', { 'limits.address.connections': '5' }, (row) => {
  row(
    'RATE-2',
    'refuses more connections than an address may have, and allows them once others left',
    async (node) => {
      const peers = await Promise.all(Array.from({ length: 4 }, () => openEngine(node.clientsUrl)));
      const url = `${node.clientsUrl}/socket.io/?EIO=4&transport=polling`;
      expect((await fetch(url)).status).toBe(429);
      peers[0]?.terminate();
      await sleep(100);
      expect((await fetch(url)).status).toBe(200);
      for (const peer of peers) peer.terminate();
    },
  );
});

/** One more `slow consumer` reported to the backend than this test file has already asked for. */
async function slow(node: RunningNode): Promise<void> {
  const seen = reported.get(node) ?? 0;
  reported.set(node, seen + 1);
  await node.backend.call(
    'OnDisconnect',
    () => node.backend.calls.filter(({ body }) => body.reason === 'slow consumer').length > seen,
    10_000,
  );
}
const reported = new WeakMap<RunningNode, number>();

async function intoRoom(node: RunningNode, room: string): Promise<WebSocketPeer> {
  const peer = await connectMain(node.clientsUrl);
  peer.send(`420["join","${room}"]`);
  expect(await peer.text()).toBe('430["joined"]');
  return peer;
}
