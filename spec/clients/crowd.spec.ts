import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type RunningNode, startNode } from '../support/node.ts';
import { type ClientSocket, collect, next } from './client-socket.ts';
import { LIBRARIES } from './libraries.ts';

/** Many clients, and much traffic at the moment when transports change. */
describe('a crowd', () => {
  let node: RunningNode;
  const open: ClientSocket[] = [];
  const connect = (library: number, user: string, transports: readonly string[]) => {
    const socket = LIBRARIES[library % LIBRARIES.length]!.open(node.clientsUrl, { user, transports });
    open.push(socket);
    return socket;
  };

  beforeAll(async () => {
    node = await startNode({
      'auth.mode': 'backend',
      'engine.pingInterval': '5s',
      'engine.pingTimeout': '5s',
      'engine.upgradeTimeout': '10s',
      'socketio.connectTimeout': '10s',
    });
  });
  afterAll(async () => {
    for (const socket of open) socket.disconnect();
    await node?.close();
  });

  for (const [index, { name }] of LIBRARIES.entries()) {
    it(`loses and reorders nothing while ${name} upgrades, in either direction`, async () => {
      const user = `flood-${index}`;
      const socket = connect(index, user, ['polling', 'websocket']);
      const upgraded = new Promise<void>((resolve) => {
        socket.io.engine?.on('upgrade', resolve);
        socket.once('connect', () => socket.io.engine.on('upgrade', resolve));
      });
      await next(socket, 'auth');
      const { body } = await node.backend.call('OnConnect', (call) => call.socket.user === user);

      const count = 300;
      const back = collect(socket, 'message-back', count);
      const pushed = collect(socket, 'pushed', count);
      const push = async () => {
        for (let i = 0; i < count; i++) {
          await node.push('Emit', { to: { sockets: [body.socket.id] }, event: 'pushed', args: [i] });
        }
      };
      const talk = async () => {
        for (let i = 0; i < count; i++) {
          socket.emit('message', i, i % 10 === 0 ? Buffer.from([i & 255]) : 'text');
          if (i % 5 === 0) await new Promise((resolve) => setTimeout(resolve, 1));
        }
      };
      await Promise.all([push(), talk(), upgraded]);
      const numbers = Array.from({ length: count }, (_, i) => i);
      expect((await back).map(([i]) => i)).toEqual(numbers);
      expect((await pushed).map(([i]) => i)).toEqual(numbers);
      expect(socket.io.engine.transport.name).toBe('websocket');
    });
  }

  it('serves 200 clients at once, each its own messages and one broadcast to all', async () => {
    const sockets = Array.from({ length: 200 }, (_, i) =>
      connect(i, `crowd-${i}`, [['polling'], ['websocket'], ['polling', 'websocket']][i % 3]!),
    );
    const greeted = sockets.map((socket) => next(socket, 'auth', 20_000));
    await Promise.all(greeted);
    const answers = sockets.map((socket) => collect(socket, 'message-back', 10, 20_000));
    for (let round = 0; round < 10; round++) {
      for (const [i, socket] of sockets.entries()) socket.emit('message', i, round);
    }
    for (const [i, answer] of answers.entries()) {
      expect(await answer).toEqual(Array.from({ length: 10 }, (_, round) => [i, round]));
    }
    const heard = sockets.map((socket) => next(socket, 'broadcast', 20_000));
    const users = sockets.map((_, i) => `crowd-${i}`);
    await node.push('Emit', { to: { users }, event: 'broadcast', args: ['all'] });
    expect(await Promise.all(heard)).toEqual(sockets.map(() => ['all']));
    for (const socket of sockets) {
      socket.on('count me', (...args) => (args.at(-1) as () => void)());
    }
    const counted = await node.push('Emit', {
      to: { users },
      event: 'count me',
      ack: { timeout: '10s', collect: 'count' },
    });
    expect(counted).toMatchObject({ acked: 200, expected: 200 });
  }, 60_000);
});
