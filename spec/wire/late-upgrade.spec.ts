import type { TemplatedApp } from 'uWebSockets.js';
import uWS from 'uWebSockets.js';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Listening, listen } from '../../src/adapters/uws/listen.ts';
import { webSocketBehavior } from '../../src/adapters/uws/web-socket-route.ts';
import {
  acceptUpgradeLater,
  type ConnectionSocket,
  readUpgrade,
} from '../../src/adapters/uws/web-socket-upgrade.ts';
import type { Connection } from '../../src/runtime/connection/connection.ts';
import type { Engine } from '../../src/runtime/connection/engine.ts';
import type { WebSocketHandle } from '../../src/runtime/ports/web-socket.ts';
import { WebSocketPeer } from '../support/websocket-peer.ts';

/** Pieces of memory of the sizes that an upgrade may give back, in which every flag is set that the library may read. */
const litter: Buffer[] = [];
function fillFreedMemory(): void {
  for (let bytes = 24; bytes <= 120; bytes += 8) litter.push(Buffer.allocUnsafeSlow(bytes).fill(0x10));
  if (litter.length > 50_000) litter.length = 0;
}

/** An engine that needs memory when a WebSocket opens, as every engine does. */
const engine = {
  webSocketOpened(_connection: Connection, handle: WebSocketHandle) {
    fillFreedMemory();
    handle.send('opened', false, false);
  },
  received(_connection: Connection, handle: WebSocketHandle, bytes: Uint8Array) {
    handle.send(bytes.slice(), true, false);
  },
  webSocketClosed() {},
} as unknown as Engine;

let app: TemplatedApp;
let listening: Listening;
beforeAll(async () => {
  app = uWS.App();
  app.ws<ConnectionSocket>('/*', {
    ...webSocketBehavior({ engine, maxPayload: 1000, maxBackpressure: 1000, compression: false }),
    upgrade: (response, request, context) => {
      const upgrade = readUpgrade(request, context);
      response.onAborted(() => {});
      setImmediate(() => acceptUpgradeLater(response, upgrade, { row: 0 } as Connection, engine));
    },
  });
  listening = await listen(app, '127.0.0.1', 0, 'exclusive');
});
afterAll(() => {
  app.close();
});

it('a WebSocket that is answered later stays open, whatever is put where its HTTP response was', async () => {
  const peers: WebSocketPeer[] = [];
  for (let i = 0; i < 200; i++) {
    const peer = await WebSocketPeer.open(`ws://127.0.0.1:${listening.port}/`);
    expect(await peer.text()).toBe('opened');
    peers.push(peer);
  }
  for (const peer of peers) peer.send(Buffer.from('?'));
  for (const peer of peers) expect(await peer.next()).toEqual(Buffer.from('?'));
  for (const peer of peers) peer.terminate();
});
