import { io, type Socket } from 'socket.io-client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { NodeProcess } from '../support/node-process.ts';
import { buildGoBackend, type ExampleProcess, requireProgram, startBackend } from './example-process.ts';

const SECRET = `whsec_${Buffer.from('only the tests know this secret.').toString('base64')}`;

interface Example {
  readonly name: string;
  readonly secret: string | null;
  start(): Promise<ExampleProcess>;
}

const EXAMPLES: readonly Example[] = [
  {
    name: 'backend-typescript',
    secret: null,
    start: () => startBackend([process.execPath, '--import', 'tsx', 'examples/backend-typescript/server.ts']),
  },
  {
    name: 'backend-python',
    secret: SECRET,
    start: () => {
      requireProgram('python3', '--version');
      return startBackend(['python3', 'examples/backend-python/server.py'], { BACKEND_SECRET: SECRET });
    },
  },
  {
    name: 'backend-go',
    secret: null,
    start: () => {
      requireProgram('go', 'version');
      return startBackend([buildGoBackend()]);
    },
  },
];

describe.each(EXAMPLES)('examples/$name', (example) => {
  let backend: ExampleProcess;
  let node: NodeProcess;
  const sockets: Socket[] = [];

  beforeAll(async () => {
    backend = await example.start();
    node = await NodeProcess.start({
      'backend.url': backend.url,
      ...(example.secret ? { 'backend.secret': example.secret } : {}),
    });
  }, 180_000);

  afterAll(async () => {
    for (const socket of sockets) socket.disconnect();
    await node?.stop();
    await backend?.stop();
  });

  function connect(): Socket {
    const socket = io(node.addresses.clientsUrl, { forceNew: true });
    sockets.push(socket);
    return socket;
  }

  it('greets a socket by its own id', async () => {
    const socket = connect();
    const greeted = await new Promise((resolve) => socket.once('welcome', resolve));
    expect(greeted).toBe(socket.id);
  });

  it('acknowledges an event and passes it on to everyone', async () => {
    const [sender, receiver] = [connect(), connect()];
    await Promise.all([sender, receiver].map((s) => new Promise((resolve) => s.once('welcome', resolve))));
    const received = new Promise((resolve) => receiver.once('news', (...args) => resolve(args)));
    await expect(sender.timeout(5000).emitWithAck('news', 'tide', { high: true })).resolves.toBe('heard');
    await expect(received).resolves.toEqual(['tide', { high: true }]);
  });

  if (example.secret !== null) {
    it('refuses a call that is not signed', async () => {
      const answer = await fetch(`${backend.url}/holdfast.v1.BackendService/OnConnect`, {
        method: 'POST',
        body: JSON.stringify({ socket: { id: '1' } }),
      });
      expect(answer.status).toBe(401);
      await expect(answer.json()).resolves.toMatchObject({ code: 'unauthenticated' });
    });
  }
});
