import { SignJWT } from 'jose';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ask, type ClientSocket, next } from '../clients/client-socket.ts';
import { LIBRARIES } from '../clients/libraries.ts';
import { until } from '../cluster/support/until.ts';
import { type RunningNode, startNode } from '../support/node.ts';

const SECRET = 'a secret of at least thirty-two bytes';

type Line = Readonly<Record<string, unknown>>;

/** What the log of a process tells about single users and rooms, on request. */
describe('the log of a node', () => {
  let node: RunningNode;
  const open: ClientSocket[] = [];
  beforeEach(async () => {
    node = await startNode({ 'auth.mode': 'jwt', 'auth.jwt.secret': SECRET });
  });
  afterEach(async () => {
    for (const socket of open.splice(0)) socket.disconnect();
    await node?.close();
  });

  const connect = async (user: string) => {
    const token = await new SignJWT({})
      .setProtectedHeader({ alg: 'HS256' })
      .setSubject(user)
      .setExpirationTime('1m')
      .sign(new TextEncoder().encode(SECRET));
    const socket = LIBRARIES[0]!.open(node.clientsUrl, {
      user: '',
      transports: ['websocket'],
      auth: { token },
    });
    open.push(socket);
    await next(socket, 'auth');
    return socket;
  };
  const put = async (body: object) => {
    const answer = await fetch(`${node.adminUrl}/log/level`, { method: 'PUT', body: JSON.stringify(body) });
    return { status: answer.status, body: (await answer.json()) as Line };
  };
  const level = async () => (await (await fetch(`${node.adminUrl}/log/level`)).json()) as Line;
  const lines = (message: string): Line[] =>
    node.process.output
      .split('\n')
      .filter((line) => line.startsWith('{'))
      .map((line) => JSON.parse(line) as Line)
      .filter(({ msg }) => msg === message);

  it('tells what one user does and is sent, with trace, node and socket, and nothing of others', async () => {
    const [ann, bob] = [await connect('ann'), await connect('bob')];
    await put({ level: 'debug', user: 'ann', for: '1m' });
    for (const socket of [bob, ann]) expect(await ask(socket, 'message-with-ack', 1)).toEqual([1]);
    const heard = Promise.all([next(ann, 'news'), next(bob, 'news')]);
    await node.push('Emit', { to: { everyone: true }, event: 'news' });
    await heard;

    await until(async () => lines('sent to a client').length > 0);
    const call = await node.backend.call('OnMessage', ({ socket }) => socket.user === 'ann');
    const about = { level: 'debug', node: 0, user: 'ann', socket: call.body.socket.id };
    const { traceId } = call.body as unknown as { traceId: string };
    expect(lines('heard from a client')).toEqual([
      expect.objectContaining({ ...about, traceId, kind: 'message', event: 'message-with-ack' }),
    ]);
    expect(lines('the backend answered')).toEqual([expect.objectContaining({ ...about, traceId })]);
    expect(lines('sent to a client')).toEqual([expect.objectContaining({ ...about, event: 'news' })]);
    expect(node.process.output).not.toContain('"user":"bob"');
    expect(await level()).toMatchObject({ level: 'info', focus: [{ user: 'ann', level: 'debug' }] });
  });

  it('tells what happens in one room', async () => {
    const [ann, bob] = [await connect('ann'), await connect('bob')];
    await node.push('Join', { to: { users: ['ann'] }, rooms: ['doc-1'] });
    await put({ level: 'debug', room: 'doc-1' });
    for (const socket of [bob, ann]) await ask(socket, 'message-with-ack', 1);
    await until(async () => lines('heard from a client').length > 0);
    expect(lines('heard from a client').map(({ user }) => user)).toEqual(['ann']);
  });

  it('falls silent again by itself, and when it is told to', async () => {
    const ann = await connect('ann');
    await put({ level: 'debug', user: 'ann', for: '300ms' });
    await put({ level: 'debug', room: 'doc-1' });
    await until(async () => JSON.stringify(await level()).includes('"user"') === false);
    expect(await put({ level: null, room: 'doc-1' })).toEqual({ status: 200, body: { level: 'info' } });
    await ask(ann, 'message-with-ack', 1);
    await put({ level: 'debug', user: 'ann' });
    await ask(ann, 'message-with-ack', 2);
    await until(async () => lines('heard from a client').length > 0);
    expect(lines('heard from a client')).toHaveLength(1);
  });
});
