import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ClientSocket, next } from '../clients/client-socket.ts';
import { LIBRARIES } from '../clients/libraries.ts';
import { type EchoBackend, startEchoBackend } from '../support/echo-backend.ts';
import { NodeProcess } from '../support/node-process.ts';

/** What operators do to a live node with stock clients of each generation. The last of them ends it. */
describe('an operator', { timeout: 60_000 }, () => {
  let backend: EchoBackend;
  let node: NodeProcess;
  const sockets: ClientSocket[] = [];

  beforeAll(async () => {
    backend = await startEchoBackend();
    node = await NodeProcess.start({
      'engine.rehearsal': 'false',
      'auth.mode': 'backend',
      'backend.url': backend.url,
      'log.format': 'json',
    });
  });

  afterAll(async () => {
    for (const socket of sockets) socket.disconnect();
    await node?.stop();
    await backend?.close();
  });

  async function come(user: string): Promise<ClientSocket[]> {
    // Each on one transport: a client whose upgrade is cut short by a drain may wait for its ping timeout.
    const clients = ['polling', 'websocket'].flatMap((transport) =>
      LIBRARIES.map((library) => library.open(node.addresses.clientsUrl, { user, transports: [transport] })),
    );
    sockets.push(...clients);
    await Promise.all(clients.map((socket) => next(socket, 'connect', 30_000)));
    return clients;
  }

  async function post(path: string, body: object) {
    const answer = await fetch(`${node.addresses.adminUrl}/inspect/${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    return { status: answer.status, body: (await answer.json()) as unknown };
  }

  /** A line of the log, past or future. */
  async function said(text: string): Promise<Record<string, unknown>> {
    const find = () => node.output.split('\n').find((each) => each.includes(text) && each.endsWith('}'));
    await expect.poll(find, { timeout: 10_000 }).toBeDefined();
    return JSON.parse(find()!) as Record<string, unknown>;
  }

  it('closes all connections of a user, and nobody else’s, for the reason chosen', async () => {
    const victims = await come('ada');
    const others = await come('grace');
    const farewells = Promise.all(victims.map((socket) => next(socket, 'disconnect', 30_000)));
    expect(await post('users/ada/close', { reason: 'session limit' })).toEqual({
      status: 200,
      body: { closed: victims.length, unreachable: [] },
    });
    await farewells;
    expect(others.every(({ connected }) => connected)).toBe(true);
    const heard = await Promise.all(
      victims.map(() => backend.call('OnDisconnect', ({ socket }) => socket.user === 'ada')),
    );
    expect(heard.map(({ body }) => body.reason)).toEqual(victims.map(() => 'session limit'));
    expect(await said('an operator closes the connections of a user')).toMatchObject({
      user: 'ada',
      reason: 'session limit',
      from: expect.stringContaining('127.0.0.1'),
      connections: { length: victims.length },
    });
    expect(await post('users/nobody/close', { reason: 'session limit' })).toMatchObject({
      body: { closed: 0 },
    });
  });

  it('sees the only node there is, with its load', async () => {
    const answer = await fetch(`${node.addresses.adminUrl}/inspect/nodes`);
    const { nodes } = (await answer.json()) as { nodes: object[] };
    expect(nodes).toMatchObject([
      {
        number: 0,
        role: 'dev',
        self: true,
        reachable: true,
        state: 'ready',
        leaseUntil: null,
        kafkaLag: null,
      },
    ]);
    expect((await fetch(`${node.addresses.adminUrl}/inspect/census?node=0`)).status).toBe(200);
    expect((await fetch(`${node.addresses.adminUrl}/inspect/census?node=1`)).status).toBe(404);
  });

  it('drains the node: clients are told, nobody new comes in, and the process ends well', async () => {
    const clients = await come('edsger');
    const ends = Promise.all(clients.map((socket) => next(socket, 'disconnect', 30_000)));
    expect(await post('drain', {})).toEqual({ status: 202, body: { draining: true } });
    for (const [reason] of await ends) expect(reason).toBe('transport close');
    expect(await node.exited).toBe(0);
    expect(await said('an operator drains this node')).toMatchObject({
      from: expect.stringContaining('127.0.0.1'),
    });
  });
});
