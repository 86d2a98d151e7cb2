import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type RunningNode, startNode } from '../support/node.ts';
import { ask, type ClientSocket, collect, next } from './client-socket.ts';
import { LIBRARIES, type OpenOptions, TRANSPORTS } from './libraries.ts';

/** Every stock client over every transport does what its users rely on. */
describe.each(LIBRARIES)('$name', (library) => {
  let node: RunningNode;
  beforeAll(async () => {
    node = await startNode({ 'auth.mode': 'backend' });
  });
  afterAll(() => node?.close());

  describe.each(TRANSPORTS)('$name', ({ transports, settles }) => {
    const open: ClientSocket[] = [];
    let users = 0;
    const newUser = () => `${library.name}-${transports.join('+')}-${++users}`;

    const start = (options: Partial<OpenOptions> = {}) => {
      const user = options.user ?? newUser();
      const socket = library.open(node.clientsUrl, { transports, ...options, user });
      open.push(socket);
      return { socket, user };
    };
    /** Connected, greeted by the backend, and on the transport it will stay on. */
    const connected = async (options: Partial<OpenOptions> = {}) => {
      const { socket, user } = start(options);
      await next(socket, 'auth');
      while (socket.io.engine.transport.name !== settles) await sleep(5);
      const call = await node.backend.call('OnConnect', (body) => body.socket.user === user);
      return { socket, user, id: call.body.socket.id, call };
    };

    afterEach(() => {
      for (const socket of open.splice(0)) socket.disconnect();
    });

    it('connects, and the backend learns who came', async () => {
      const { socket, user, call, id } = await connected();
      expect(socket.connected).toBe(true);
      expect(call.body.socket).toMatchObject({ user, namespace: '/', protocol: library.protocol });
      expect(call.body.socket.transport).toBe(transports[0]);
      if (library.protocol === 'socket.io/5') expect(socket.id).toBe(id);
    });

    it('sends events and receives events, in order', async () => {
      const { socket } = await connected();
      const back = collect(socket, 'message-back', 100);
      for (let i = 0; i < 100; i++) socket.emit('message', i, 'two', { three: [true, null, '€😀'] });
      expect(await back).toEqual(
        Array.from({ length: 100 }, (_, i) => [i, 'two', { three: [true, null, '€😀'] }]),
      );
    });

    it('sends bytes and receives bytes', async () => {
      const { socket } = await connected();
      const [small, large] = [Buffer.from([1, 2, 3]), Buffer.alloc(50_000, 7)];
      socket.emit('message', small, { deep: [large, 'text'] });
      const [first, second] = (await next(socket, 'message-back')) as [Buffer, { deep: [Buffer, string] }];
      expect(Buffer.from(first)).toEqual(small);
      expect(Buffer.from(second.deep[0])).toEqual(large);
      expect(second.deep[1]).toBe('text');
    });

    it('gets its acknowledgements, with bytes too', async () => {
      const { socket } = await connected();
      expect(await ask(socket, 'message-with-ack', 1, { two: 3 })).toEqual([1, { two: 3 }]);
      const [bytes] = await ask(socket, 'message-with-ack', Buffer.from([4, 5]));
      expect(Buffer.from(bytes as Buffer)).toEqual(Buffer.from([4, 5]));
    });

    it('acknowledges what is pushed, with bytes too', async () => {
      const { socket, id } = await connected();
      socket.on('question', (...args) => (args.pop() as (...answer: unknown[]) => void)(...args, 'answer'));
      const plain = await node.push('Emit', {
        to: { sockets: [id] },
        event: 'question',
        args: ['how', { much: 1 }],
        ack: { timeout: '3s' },
      });
      expect(plain.acks).toEqual([{ socket: id, args: ['how', { much: 1 }, 'answer'] }]);
      const binary = await node.push('Emit', {
        to: { sockets: [id] },
        event: 'question',
        args: [{ _placeholder: true, num: 0 }],
        attachments: ['AQID'],
        ack: { timeout: '3s' },
      });
      expect(binary.acks).toEqual([
        { socket: id, args: [{ _placeholder: true, num: 0 }, 'answer'], attachments: ['AQID'] },
      ]);
    });

    it('is missing from the acknowledgements when it does not answer in time', async () => {
      const { socket, id } = await connected();
      socket.on('question', () => undefined);
      const answer = await node.push('Emit', {
        to: { sockets: [id] },
        event: 'question',
        ack: { timeout: '0.2s' },
      });
      expect(answer.missing).toEqual([id]);
      expect(answer.acks ?? []).toEqual([]);
    });

    it('receives bytes that are pushed', async () => {
      const { socket, user } = await connected();
      const got = next(socket, 'picture');
      await node.push('Emit', {
        to: { users: [user] },
        event: 'picture',
        args: ['name', { _placeholder: true, num: 0 }],
        attachments: ['AQID'],
      });
      const [name, bytes] = (await got) as [string, Buffer];
      expect([name, ...Buffer.from(bytes)]).toEqual(['name', 1, 2, 3]);
    });

    it('connects to another namespace beside the first', async () => {
      const { socket } = await connected();
      const { socket: custom, user } = start({ namespace: '/custom' });
      await next(custom, 'auth');
      const { body } = await node.backend.call(
        'OnConnect',
        (call) => call.socket.user === user && call.socket.namespace === '/custom',
      );
      custom.emit('message', 'in custom');
      expect(await next(custom, 'message-back')).toEqual(['in custom']);
      const got = next(custom, 'news');
      await node.push('Emit', { to: { sockets: [body.socket.id] }, namespace: '/custom', event: 'news' });
      await got;
      socket.emit('message', 'in main');
      expect(await next(socket, 'message-back')).toEqual(['in main']);
    });

    it('learns that a namespace does not exist', async () => {
      const { socket } = start({ namespace: '/random' });
      const [error] = await next(socket, library.refusal);
      const text = typeof error === 'string' ? error : (error as Error).message;
      expect(text).toBe('Invalid namespace');
      expect(socket.connected).toBe(false);
    });

    it('learns why the backend refuses it', async () => {
      const { socket } = start({ user: 'mallory' });
      const [error] = await next(socket, library.refusal);
      // Socket.IO 2 has room for one value and gets the data, as from the official server.
      if (library.refusal === 'error') expect(error).toEqual({ retry: false });
      else expect(error).toMatchObject({ message: 'who are you?', data: { retry: false } });
    });

    it('reconnects by itself when the transport closes', async () => {
      const { socket, user, id } = await connected({ reconnection: true });
      const again = next(socket, 'connect');
      socket.io.engine.close();
      await again;
      socket.emit('message', 'back again');
      expect(await next(socket, 'message-back')).toEqual(['back again']);
      const gone = await node.backend.call('OnDisconnect', (body) => body.socket.id === id);
      expect(gone.body).toMatchObject({ reason: 'transport close', socket: { user } });
    });

    it('disconnects, and the backend learns why', async () => {
      const { socket, id } = await connected();
      const reason = next(socket, 'disconnect');
      socket.disconnect();
      expect((await reason)[0]).toBe('io client disconnect');
      const { body } = await node.backend.call('OnDisconnect', (call) => call.socket.id === id);
      expect(body.reason).toBe('client namespace disconnect');
    });

    for (const closeConnection of [false, true]) {
      it(`stays away when it is disconnected${closeConnection ? ' with its connection' : ''}`, async () => {
        const { socket, id } = await connected({ reconnection: true });
        const reason = next(socket, 'disconnect');
        const answer = await node.push('Disconnect', { to: { sockets: [id] }, closeConnection });
        expect(answer).toEqual({ sockets: 1 });
        expect((await reason)[0]).toBe('io server disconnect');
        const { body } = await node.backend.call('OnDisconnect', (call) => call.socket.id === id);
        expect(body.reason).toBe('server namespace disconnect');
        await sleep(100);
        expect(socket.connected).toBe(false);
      });
    }

    it('is disconnected by an action of the backend', async () => {
      const { socket } = await connected();
      const reason = next(socket, 'disconnect');
      socket.emit('kick');
      expect((await reason)[0]).toBe('io server disconnect');
    });

    it('outlives many heartbeats while nothing else is said', async () => {
      const { socket } = await connected();
      await sleep(1800);
      expect(socket.connected).toBe(true);
      socket.emit('message', 'still here');
      expect(await next(socket, 'message-back')).toEqual(['still here']);
    });

    it('receives what is sent to its rooms, its user and everyone, and nothing it is excepted from', async () => {
      const [one, two, three] = [await connected(), await connected(), await connected()];
      const room = `room-${one.id}`;
      expect(await ask(one.socket, 'join', room)).toEqual(['joined']);
      await node.push('Join', { to: { users: [two.user] }, rooms: [room] });
      const seen: string[] = [];
      for (const [name, { socket }] of Object.entries({ one, two, three })) {
        socket.on('news', (text) => seen.push(`${name} ${String(text)}`));
      }
      const emit = (text: string, target: object) =>
        node.push('Emit', { ...target, event: 'news', args: [text] });
      await emit('room', { to: { rooms: [room] } });
      await emit('user', { to: { users: [three.user] } });
      await emit('all', { to: { everyone: true } });
      await emit('except socket', { to: { everyone: true }, except: { sockets: [one.id] } });
      await emit('except room', { to: { everyone: true }, except: { rooms: [room] } });
      await emit('except user', { to: { rooms: [room] }, except: { users: [two.user] } });
      await emit('both', { to: { rooms: [room], users: [one.user] } });
      expect(await ask(one.socket, 'leave', room)).toEqual(['left']);
      await emit('left', { to: { rooms: [room] } });
      for (const { socket } of [one, two, three]) {
        socket.emit('message', 'end');
        await next(socket, 'message-back');
      }
      const of = (name: string) =>
        seen.filter((line) => line.startsWith(name)).map((line) => line.slice(name.length + 1));
      expect(of('one')).toEqual(['room', 'all', 'except user', 'both']);
      expect(of('two')).toEqual(['room', 'all', 'except socket', 'both', 'left']);
      expect(of('three')).toEqual(['user', 'all', 'except socket', 'except room']);
    });

    it('receives volatile messages while it listens', async () => {
      const { socket, id } = await connected();
      await sleep(30);
      const got = next(socket, 'now');
      await node.push('Emit', { to: { sockets: [id] }, event: 'now', args: [1], volatile: true });
      expect(await got).toEqual([1]);
    });

    it('is listed and counted', async () => {
      const { user, id } = await connected();
      expect(await node.push('CountSockets', { to: { users: [user] } })).toEqual({ sockets: 1, users: 1 });
      const { sockets } = (await node.push('ListSockets', { to: { sockets: [id] } })) as {
        sockets: { id: string; transport: string }[];
      };
      expect(sockets).toHaveLength(1);
      expect(sockets[0]).toMatchObject({
        id,
        user,
        namespace: '/',
        transport: settles,
        protocol: library.protocol,
      });
    });

    if (library.hasEmitWithAck) {
      it('waits for acknowledgements with timeout().emitWithAck', async () => {
        const { socket } = await connected();
        const patient = (socket as unknown as PatientSocket).timeout(2000);
        expect(await patient.emitWithAck('message-with-ack', 'x')).toBe('x');
        const impatient = (socket as unknown as PatientSocket).timeout(100);
        await expect(impatient.emitWithAck('nobody-answers')).rejects.toThrow(/timed out/);
      });
    }
  });
});

interface PatientSocket {
  timeout(ms: number): { emitWithAck(event: string, ...args: unknown[]): Promise<unknown> };
}
