import { expect } from 'vitest';
import { engineUrl } from './engine-url.ts';
import { WebSocketPeer } from './websocket-peer.ts';

/** A websocket on `/socket.io/` behind its OPEN packet. */
export async function openEngine(base: string, revision: 3 | 4 = 4): Promise<WebSocketPeer> {
  const url = engineUrl(base, { EIO: String(revision), transport: 'websocket' });
  const peer = await WebSocketPeer.open(url, { heartbeat: revision === 4 ? 'answer' : 'none' });
  expect((await peer.text())[0]).toBe('0');
  return peer;
}

/** The same, connected to `/`, and `auth` received, with which the echo application greets. */
export async function connectMain(base: string): Promise<WebSocketPeer> {
  const peer = await openEngine(base);
  peer.send('40');
  expect(await peer.text()).toMatch(/^40\{"sid":"[^"]+".*\}$/);
  expect(await peer.text()).toBe('42["auth",{}]');
  return peer;
}
