import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'vitest';
import { engineUrl } from '../support/engine-url.ts';
import { judge } from '../support/judge.ts';
import { PollingPeer } from '../support/polling-peer.ts';
import { WebSocketPeer } from '../support/websocket-peer.ts';

judge('Engine.IO 4 close', ({ server, clause }) => {
  clause(
    'EIO4-CL-1',
    'answers the pending GET with a noop when the client closes, then knows no sid',
    async () => {
      const peer = await PollingPeer.open(server().url);
      const poll = peer.get();
      await sleep(100);
      expect((await peer.post('1')).status).toBe(200);
      const released = await poll;
      expect(released.status).toBe(200);
      expect(await released.text()).toBe('6');
      expect((await peer.get()).status).toBe(400);
    },
  );

  clause('EIO4-CL-2', 'closes the websocket upon a CLOSE packet', async () => {
    const peer = await WebSocketPeer.open(engineUrl(server().url, { EIO: '4', transport: 'websocket' }));
    await peer.text();
    peer.send('1');
    await peer.untilClosed();
  });

  clause('EIO4-CL-3', 'reads nothing behind a CLOSE packet', async () => {
    const peer = await PollingPeer.open(server().url, { path: '/engine.io/' });
    await peer.post('1', '4late');
    expect((await peer.get()).status).toBe(400);
  });
});
