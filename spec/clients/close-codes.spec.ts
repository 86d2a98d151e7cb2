import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CLOSE_REASONS, type CloseReason } from '../../src/machines/close-reason.ts';
import { type RunningNode, startNode } from '../support/node.ts';
import { openEngine } from '../support/socketio-peer.ts';
import type { WebSocketPeer } from '../support/websocket-peer.ts';

/** What a client on a WebSocket sees of each reason that a server can have. */
describe('close codes', () => {
  let node: RunningNode;
  beforeAll(async () => {
    node = await startNode({
      'auth.mode': 'backend',
      'sessions.maxPerUser': '1',
      'engine.maxPayload': '10000',
      'limits.connection.messages': '50',
    });
  });
  afterAll(() => node?.close());

  let users = 0;
  const connect = async (user = `u${++users}`) => {
    const peer = await openEngine(node.clientsUrl);
    peer.send(`40{"user":"${user}"}`);
    expect(await peer.text()).toMatch(/^40\{/);
    const { body } = await node.backend.call('OnConnect', (call) => call.socket.user === user);
    return { peer, user, id: body.socket.id };
  };

  /** Reason of the socket, that of its connection where it is another, and how to bring it about. */
  const ways: readonly [
    CloseReason,
    CloseReason,
    (peer: WebSocketPeer, user: string, id: string) => unknown,
  ][] = [
    ['parse error', 'parse error', (peer) => peer.send('42{}')],
    ['session limit', 'session limit', (_, user) => connect(user)],
    [
      'rate limit',
      'rate limit',
      (peer) => {
        for (let i = 0; i < 200; i++) peer.send('42["flood"]');
      },
    ],
    [
      'server namespace disconnect',
      'forced server close',
      (_, __, id) => node.push('Disconnect', { to: { sockets: [id] }, closeConnection: true }),
    ],
  ];

  for (const [reason, ofConnection, bringAbout] of ways) {
    it(`CLOSE-2: ${reason} has its code, and DISCONNECT only if that is meant`, async () => {
      const { peer, user, id } = await connect();
      await bringAbout(peer, user, id);
      const packets = await untilClosed(peer);
      expect(await peer.closed).toEqual({
        code: CLOSE_REASONS[ofConnection].code,
        reason: ofConnection,
      });
      expect(packets.includes('41')).toBe(!CLOSE_REASONS[ofConnection].reconnects);
      const gone = await node.backend.call('OnDisconnect', (call) => call.socket.id === id);
      expect(gone.body.reason).toBe(reason);
    });
  }

  it('CLOSE-2: a frame too large is told from one that makes no sense', async () => {
    const { peer, id } = await connect();
    peer.send(`42["x","${'x'.repeat(10_000)}"]`);
    await peer.untilClosed();
    const gone = await node.backend.call('OnDisconnect', (call) => call.socket.id === id);
    expect(gone.body.reason).toBe('payload too large');
  });

  it('CLOSE-2: a client that stops answering ends as ping timeout', async () => {
    const { peer, id } = await connect();
    peer.pause();
    const gone = await node.backend.call('OnDisconnect', (call) => call.socket.id === id);
    expect(gone.body.reason).toBe('ping timeout');
    peer.terminate();
  });

  it('CLOSE-2: a client that joins nothing ends as connect timeout', async () => {
    const peer = await openEngine(node.clientsUrl);
    expect(await peer.untilClosed()).toEqual({
      code: CLOSE_REASONS['connect timeout'].code,
      reason: 'connect timeout',
    });
  });
});

async function untilClosed(peer: WebSocketPeer): Promise<unknown[]> {
  const packets: unknown[] = [];
  try {
    for (;;) packets.push(await peer.next());
  } catch {
    expect(peer.isClosed).toBe(true);
  }
  return packets;
}
