import { describe, expect, it } from 'vitest';
import { NOBODY } from '../../src/runtime/delivery/target.ts';
import { HoldfastError } from '../../src/runtime/errors/holdfast-error.ts';
import { readPushJson } from '../../src/runtime/push/read-json.ts';
import { headersWith, PushFixture } from './push-fixture.ts';

const EMIT = { to: { rooms: ['doc-1'] }, event: 'message', args: ['hi'] };

async function refusal(method: 'Emit' | 'Join' | 'ListSockets' | 'Batch' | 'CountSockets', request: unknown) {
  const fixture = new PushFixture();
  const { status, body } = await fixture.call(method, request);
  expect(fixture.deliverer.commands).toEqual([]);
  expect({ status, code: body.code }).toEqual({ status: 400, code: 'invalid_argument' });
  return String(body.message);
}

describe('a request of the push API', () => {
  it('is refused with the name of a field that does not exist', async () => {
    expect(await refusal('Emit', { ...EMIT, evnt: 1 })).toBe('unknown field "evnt"');
    expect(await refusal('Join', { to: { everyone: true }, room: 'a' })).toBe('unknown field "room"');
    expect(await refusal('ListSockets', { to: { everyone: true }, limit: 1 })).toBe('unknown field "limit"');
  });

  it('is refused with the path of a nested field that does not exist', async () => {
    expect(await refusal('Emit', { ...EMIT, to: { user: ['u1'] } })).toBe('unknown field "to.user"');
    expect(await refusal('Emit', { ...EMIT, ack: { timout: '5s' } })).toBe('unknown field "ack.timout"');
    expect(await refusal('Batch', { items: [{ emit: EMIT }, { emit: { ...EMIT, nsp: '/' } }] })).toBe(
      'unknown field "items[1].emit.nsp"',
    );
    expect(await refusal('Batch', { items: [{ emitt: EMIT }] })).toBe('unknown field "items[0].emitt"');
  });

  it('is refused when it is not a JSON object in UTF-8', async () => {
    expect(await refusal('Emit', '{"to":')).toMatch(/^the request is not JSON: /);
    expect(await refusal('Emit', '[]')).toBe('request: must be an object');
    expect(await refusal('Emit', 'null')).toBe('request: must be an object');
    const fixture = new PushFixture();
    const reply = await fixture.endpoint.unary(
      'Emit',
      headersWith('Bearer s3cret-of-chat'),
      'json',
      Buffer.of(0x22, 0xff, 0x22),
    );
    expect(String(reply.body)).toContain('the request is not UTF-8');
  });

  it('is refused when a field has the wrong type, with its name', async () => {
    expect(await refusal('Emit', { ...EMIT, to: { rooms: 'doc-1' } })).toMatch(/^to.rooms: /);
    expect(await refusal('Emit', { ...EMIT, event: 7 })).toMatch(/^event: /);
    expect(await refusal('Emit', { ...EMIT, args: 'hi' })).toBe('args: must be an array');
    expect(await refusal('Emit', `{"to":{"everyone":true},"event":"e","__proto__":1}`)).toBe(
      'unknown field "__proto__"',
    );
  });

  it('needs a target that names someone', async () => {
    expect(await refusal('Emit', { event: 'message' })).toMatch(/^to: is required/);
    expect(await refusal('Emit', { ...EMIT, to: {} })).toMatch(/^to: names nobody/);
    expect(await refusal('Emit', { ...EMIT, to: { everyone: false, rooms: [] } })).toMatch(
      /^to: names nobody/,
    );
    expect(await refusal('Emit', { ...EMIT, to: { users: [''] } })).toBe('to.users[0]: must not be empty');
    expect(await refusal('Join', { rooms: ['a'] })).toMatch(/^to: is required/);
    expect(await refusal('CountSockets', { to: {} })).toMatch(/^to: names nobody/);
  });

  it('needs rooms to join', async () => {
    expect(await refusal('Join', { to: { everyone: true } })).toMatch(/^rooms: is required/);
    expect(await refusal('Join', { to: { everyone: true }, rooms: [''] })).toBe(
      'rooms[0]: must not be empty',
    );
  });

  it.each(['connect', 'connect_error', 'disconnect', 'disconnecting', 'newListener', 'removeListener'])(
    'must not emit the reserved event %s',
    async (event) => {
      expect(await refusal('Emit', { ...EMIT, event })).toBe(`event: "${event}" is reserved by Socket.IO`);
    },
  );

  it('needs an event', async () => {
    expect(await refusal('Emit', { to: { everyone: true } })).toBe('event: is required');
  });

  it('must name a namespace as Socket.IO writes it', async () => {
    expect(await refusal('Emit', { ...EMIT, namespace: 'chat' })).toContain('"chat" must start with "/"');
    expect(await refusal('Emit', { ...EMIT, namespace: '/a,b' })).toContain('namespace: ');
    expect(await refusal('Emit', { ...EMIT, namespace: '/a?b' })).toContain('namespace: ');
  });

  it('takes the timeout of an ack with any unit that the configuration knows', async () => {
    for (const [timeout, milliseconds] of [
      ['300ms', 300],
      ['0.25s', 250],
      ['2s', 2_000],
      ['1m', 60_000],
    ] as const) {
      const request = readPushJson('Emit', JSON.stringify({ ...EMIT, ack: { timeout } }));
      expect(request).toMatchObject({ command: { ack: { timeout: milliseconds } } });
    }
  });

  it('must wait for acknowledgements between 0 and 300 s', async () => {
    for (const timeout of ['0s', '-1s', '301s']) {
      expect(await refusal('Emit', { ...EMIT, ack: { timeout } })).toMatch(/^ack.timeout: must be more than/);
    }
    expect(await refusal('Emit', { ...EMIT, ack: { timeout: '5 seconds' } })).toMatch(
      /^ack.timeout: .*"5 seconds"/,
    );
    expect(await refusal('Emit', { ...EMIT, ack: { collect: 'all' } })).toBe(
      'ack.collect: must be "answers" or "count", not "all"',
    );
  });

  it('must not have a negative page size', async () => {
    expect(await refusal('ListSockets', { pageSize: -1 })).toBe('pageSize: -1 must not be negative');
  });

  it('must not have a dedupKey of more than 256 characters', async () => {
    expect(await refusal('Emit', { ...EMIT, dedupKey: 'x'.repeat(257) })).toMatch(
      /^dedupKey: must have at most/,
    );
  });

  it('must not be an empty or endless batch', async () => {
    expect(await refusal('Batch', {})).toMatch(/^items: is required/);
    expect(await refusal('Batch', { items: new Array(1001).fill({ emit: EMIT }) })).toMatch(
      /^items: 1001 are too many/,
    );
    expect(await refusal('Batch', { items: [{}] })).toMatch(/^items\[0\]: needs one of/);
    expect(await refusal('Batch', { items: [{ emit: EMIT, join: {} }] })).toMatch(
      /^items\[0\]: has more than one/,
    );
  });
});

describe('placeholders and attachments', () => {
  const bytes = 'AQID';
  const at = (num: unknown) => ({ _placeholder: true, num });
  const binary = (args: unknown[], attachments: unknown[]) => ({ ...EMIT, args, attachments });

  it('belong together one to one', async () => {
    expect(await refusal('Emit', binary([at(1)], [bytes]))).toContain('placeholder num 1 names none of 1');
    expect(await refusal('Emit', binary([at(0)], []))).toContain('placeholder num 0 names none of 0');
    expect(await refusal('Emit', binary([at(0), { a: [at(0)] }], [bytes]))).toContain('num 0 occurs twice');
    expect(await refusal('Emit', binary(['x'], [bytes]))).toMatch(/^attachments\[0\]: no /);
    expect(await refusal('Emit', { ...EMIT, args: undefined, attachments: [bytes] })).toMatch(
      /^attachments\[0\]: no /,
    );
  });

  it('are at most ten, as stock clients refuse more', async () => {
    const eleven = Array.from({ length: 11 }, (_, num) => at(num));
    const problem = await refusal('Emit', binary(eleven, new Array(11).fill(bytes)));
    expect(problem).toBe('attachments: 11 are too many: clients accept at most 10');
  });

  it.each(['0', -1, 0.5, null, true, undefined])('are refused with num %j', async (num) => {
    expect(await refusal('Emit', binary([at(num)], [bytes]))).toContain('names none of 1 attachments');
  });

  it('must be base64', async () => {
    expect(await refusal('Emit', binary([at(0)], ['b!!!']))).toBe('attachments[0]: must be base64');
    expect(await refusal('Emit', binary([at(0)], ['AQIDA']))).toBe('attachments[0]: must be base64');
    expect(await refusal('Emit', binary([at(0)], [7]))).toBe('attachments[0]: must be base64');
    expect(await refusal('Emit', { ...EMIT, attachments: 'AQID' })).toContain('must be an array');
  });

  it('reach the deliverer as text and bytes', async () => {
    const fixture = new PushFixture();
    await fixture.call('Emit', binary([{ file: at(1) }, at(0)], [bytes, '_-8']));
    expect(fixture.deliverer.commands[0]).toMatchObject({
      body: {
        args: '[{"file":{"_placeholder":true,"num":1}},{"_placeholder":true,"num":0}]',
        attachments: [Buffer.of(1, 2, 3), Buffer.of(0xff, 0xef)],
      },
    });
  });

  it('are refused in values nested too deeply for recursive decoders', async () => {
    const deep = `${'['.repeat(200_000)}${']'.repeat(200_000)}`;
    const request = `{"to":{"everyone":true},"event":"e","args":[${deep}]}`;
    expect(await refusal('Emit', request)).toBe('args: nested deeper than 128');
    const less = `${'['.repeat(140)}${']'.repeat(140)}`;
    expect(await refusal('Emit', { ...EMIT, args: JSON.parse(less) })).toBe('args: nested deeper than 128');
  });
});

describe('Emit', () => {
  it('hands on target, exception, namespace, event and arguments, with the name of the token', async () => {
    const fixture = new PushFixture();
    const { body } = await fixture.call('Emit', {
      to: { sockets: ['1'], users: ['u1'], rooms: ['r'] },
      except: { rooms: ['quiet'] },
      namespace: '/chat',
      event: 'message',
      args: ['hi', { n: 1.5, z: null, ü: ['\u2028'] }],
      volatile: true,
    });
    expect(body).toEqual({ messageId: '1' });
    expect(fixture.deliverer.commands).toEqual([
      {
        kind: 'emit',
        to: { sockets: ['1'], users: ['u1'], rooms: ['r'], everyone: false },
        except: { sockets: [], users: [], rooms: ['quiet'], everyone: false },
        namespace: '/chat',
        pushedBy: 'billing',
        trail: { traceparent: '', times: [0, 0, 0, 0, expect.any(Number)] },
        messageId: '1',
        event: 'message',
        body: { args: '["hi",{"n":1.5,"z":null,"ü":["\u2028"]}]', attachments: [] },
        volatile: true,
        ack: null,
      },
    ]);
  });

  it('defaults to namespace "/", no arguments and no exceptions', async () => {
    const fixture = new PushFixture();
    await fixture.call('Emit', { to: { everyone: true }, event: 'tick' });
    expect(fixture.deliverer.commands[0]).toMatchObject({
      namespace: '/',
      except: NOBODY,
      body: { args: '[]', attachments: [] },
      volatile: false,
    });
  });

  it('answers with the acknowledgements and who is missing', async () => {
    const fixture = new PushFixture();
    fixture.deliverer.ackResult = {
      answers: [
        { socket: '1', body: { args: '["ok",1]', attachments: [] } },
        { socket: '2', body: { args: '[{"_placeholder":true,"num":0}]', attachments: [Buffer.of(1, 2, 3)] } },
      ],
      acked: 2,
      expected: 3,
      missing: ['3'],
    };
    const { body } = await fixture.call('Emit', { ...EMIT, ack: { timeout: '1.5s' } });
    expect(fixture.deliverer.commands[0]).toMatchObject({ ack: { timeout: 1500, collect: 'answers' } });
    expect(body).toEqual({
      messageId: '1',
      acks: [
        { socket: '1', args: ['ok', 1] },
        { socket: '2', args: [{ _placeholder: true, num: 0 }], attachments: ['AQID'] },
      ],
      missing: ['3'],
    });
  });

  it('answers with counts alone when asked to, zeros too', async () => {
    const fixture = new PushFixture();
    const { body } = await fixture.call('Emit', { ...EMIT, ack: { collect: 'count' } });
    expect(fixture.deliverer.commands[0]).toMatchObject({ ack: { timeout: 5000, collect: 'count' } });
    expect(body).toEqual({ messageId: '1', acked: 0, expected: 0 });
  });

  it('says unavailable when the bus refuses', async () => {
    const fixture = new PushFixture();
    fixture.deliverer.failing = 'message';
    expect(await fixture.call('Emit', EMIT)).toEqual({
      status: 503,
      body: { code: 'unavailable', message: 'the bus is away' },
    });
  });
});

describe('Join, Leave and Disconnect', () => {
  it('are performed and answer with the number of sockets', async () => {
    const fixture = new PushFixture();
    const to = { users: ['u1'] };
    expect((await fixture.call('Join', { to, rooms: ['a'] })).body).toEqual({ sockets: 3 });
    expect((await fixture.call('Leave', { to, rooms: ['a', 'b'], namespace: '/n' })).body).toEqual({
      sockets: 3,
    });
    expect((await fixture.call('Disconnect', { to, closeConnection: true })).body).toEqual({ sockets: 3 });
    expect(fixture.deliverer.commands).toMatchObject([
      { kind: 'join', rooms: ['a'], namespace: '/', to: { users: ['u1'] }, pushedBy: 'billing' },
      { kind: 'leave', rooms: ['a', 'b'], namespace: '/n', pushedBy: 'billing' },
      { kind: 'disconnect', closeConnection: true, namespace: '/', pushedBy: 'billing' },
    ]);
  });
});

describe('ListSockets and CountSockets', () => {
  it('give pages of sockets with every field', async () => {
    const fixture = new PushFixture();
    const { body } = await fixture.call('ListSockets', {
      to: { users: ['u1'] },
      namespace: '/chat',
      pageSize: 5000,
      pageToken: '7330',
    });
    expect(body).toEqual({
      sockets: [
        {
          id: '7331',
          user: 'u1',
          namespace: '/',
          rooms: ['doc-1'],
          transport: 'websocket',
          address: '203.0.113.7',
          locale: 'en',
          authType: 'web',
          clientVersion: '4.8.1',
          protocol: 'socket.io/5',
        },
      ],
      nextPageToken: 'next',
    });
    expect(fixture.deliverer.queries[0]).toMatchObject({
      namespace: '/chat',
      pageSize: 1000,
      pageToken: '7330',
    });
  });

  it('ask about everyone in all namespaces, 100 a page, unless told otherwise', async () => {
    const fixture = new PushFixture();
    await fixture.call('ListSockets', {});
    expect(fixture.deliverer.queries[0]).toMatchObject({
      to: { everyone: true },
      namespace: null,
      pageSize: 100,
    });
  });

  it('refuse a page token that no page ended with', async () => {
    const fixture = new PushFixture();
    const { body } = await fixture.call('ListSockets', { pageToken: 'next please' });
    expect(body).toMatchObject({
      code: 'invalid_argument',
      message: expect.stringContaining('pageToken'),
    });
    expect(fixture.deliverer.queries).toEqual([]);
  });

  it('give counts, zeros too, and take the same request', async () => {
    const fixture = new PushFixture();
    const request = { to: { rooms: ['nobody'] }, pageSize: 10, pageToken: '' };
    expect((await fixture.call('CountSockets', request)).body).toEqual({ sockets: 0, users: 0 });
  });
});

describe('Batch', () => {
  it('does its items in order and answers in order, an item that fails between', async () => {
    const fixture = new PushFixture();
    fixture.deliverer.failing = 'broken';
    const to = { rooms: ['a'] };
    const { status, body } = await fixture.call('Batch', {
      items: [
        { join: { to: { users: ['u1'] }, rooms: ['a'] } },
        { emit: { to, event: 'asked', ack: { collect: 'count' } } },
        { emit: { to, event: 'broken' } },
        { emit: { to, event: 'told' } },
        { leave: { to, rooms: ['a'] } },
        { disconnect: { to } },
      ],
    });
    expect(status).toBe(200);
    expect(body).toEqual({
      results: [
        { join: { sockets: 3 } },
        { emit: { messageId: '1', acked: 0, expected: 0 } },
        { error: { code: 'unavailable', message: 'the bus is away' } },
        { emit: { messageId: '3' } },
        { leave: { sockets: 3 } },
        { disconnect: { sockets: 3 } },
      ],
    });
    expect(
      fixture.deliverer.commands.map((command) => (command.kind === 'emit' ? command.event : command.kind)),
    ).toEqual(['join', 'asked', 'told', 'leave', 'disconnect']);
  });

  it('does nothing when one item is invalid', async () => {
    expect(await refusal('Batch', { items: [{ emit: EMIT }, { emit: { to: { everyone: true } } }] })).toBe(
      'items[1].emit.event: is required',
    );
  });
});

describe('dedupKey', () => {
  it('answers a retry with the first result and delivers once', async () => {
    const fixture = new PushFixture();
    const request = { ...EMIT, dedupKey: 'order-1' };
    const first = await fixture.call('Emit', request);
    expect((await fixture.call('Emit', request)).body).toEqual(first.body);
    expect(fixture.deliverer.commands).toHaveLength(1);
  });

  it('is another one for another token and another method', async () => {
    const fixture = new PushFixture();
    const join = { to: { everyone: true }, rooms: ['a'], dedupKey: 'k' };
    await fixture.call('Emit', { ...EMIT, dedupKey: 'k' });
    await fixture.call('Emit', { ...EMIT, dedupKey: 'k' }, 's3cret-of-chat');
    await fixture.call('Join', join);
    await fixture.call('Leave', join);
    expect(fixture.deliverer.commands).toHaveLength(4);
  });

  it('is free again when the first use failed', async () => {
    const fixture = new PushFixture();
    fixture.deliverer.failing = 'message';
    expect((await fixture.call('Emit', { ...EMIT, dedupKey: 'k' })).status).toBe(503);
    fixture.deliverer.failing = '';
    expect((await fixture.call('Emit', { ...EMIT, dedupKey: 'k' })).status).toBe(200);
  });

  it('stays used when nobody can say whether an event was sent: a retry must not send it twice', async () => {
    const fixture = new PushFixture();
    fixture.deliverer.emit = () => {
      throw new HoldfastError('deadline_exceeded', 'the bus did not say');
    };
    expect((await fixture.call('Emit', { ...EMIT, dedupKey: 'k' })).status).toBe(504);
    fixture.deliverer.emit = () => {
      throw new Error('sent twice');
    };
    const retry = await fixture.call('Emit', { ...EMIT, dedupKey: 'k' });
    expect(retry).toMatchObject({ status: 504, body: { code: 'deadline_exceeded' } });
  });

  it('holds inside a batch for its items', async () => {
    const fixture = new PushFixture();
    const item = { emit: { ...EMIT, dedupKey: 'k' } };
    const { body } = await fixture.call('Batch', { items: [item, item] });
    expect(body).toEqual({ results: [{ emit: { messageId: '1' } }, { emit: { messageId: '1' } }] });
    expect(fixture.deliverer.commands).toHaveLength(1);
  });
});

describe('the trace', () => {
  const traced = async (traceparent: string) => {
    const fixture = new PushFixture();
    const headers = { ...headersWith('Bearer s3cret-of-chat'), traceparent };
    await fixture.endpoint.unary('Emit', headers, 'json', Buffer.from(JSON.stringify(EMIT)));
    const [command] = fixture.deliverer.commands;
    return command!.trail!.traceparent;
  };
  const traceparent = `00-${'ab'.repeat(16)}-${'cd'.repeat(8)}-01`;

  it('of a request is that of its command, unchanged', async () => {
    expect(await traced(traceparent)).toBe(traceparent);
  });

  it.each(['', 'abc', traceparent.toUpperCase(), `${traceparent}-x`, `${traceparent}\n`])(
    'is none when a request names it %j',
    async (text) => expect(await traced(text)).toBe(''),
  );
});

describe('the token', () => {
  it('lets nobody in with a wrong one, and every push is counted with its name', async () => {
    const fixture = new PushFixture();
    expect(await fixture.call('Emit', EMIT, 's3cret-of-nobody')).toMatchObject({
      status: 401,
      body: { code: 'unauthenticated' },
    });
    await fixture.call('Emit', EMIT, 's3cret-of-chat');
    await fixture.call('Emit', { ...EMIT, event: '' });
    expect(fixture.counted).toEqual([
      { method: 'Emit', code: 'unauthenticated', token: '' },
      { method: 'Emit', code: 'ok', token: 'chat' },
      { method: 'Emit', code: 'invalid_argument', token: 'billing' },
    ]);
  });

  it.each([
    '',
    'Bearer',
    'Bearer ',
    'Basic s3cret-of-chat',
    's3cret-of-chat',
    'Bearer s3cret-of-cha',
    'Bearer s3cret-of-chat\0',
  ])('is not %j', async (authorization) => {
    const reply = await new PushFixture().endpoint.unary(
      'Emit',
      headersWith(authorization),
      'json',
      Buffer.from('{}'),
    );
    expect(reply.status).toBe(401);
  });

  it('is not the beginning of a longer one', async () => {
    const secret = 'x'.repeat(1024);
    const { endpoint } = new PushFixture(undefined, [{ name: 'long', secret }]);
    const body = Buffer.from(JSON.stringify(EMIT));
    expect(await endpoint.unary('Emit', headersWith(`Bearer ${secret}`), 'json', body)).toMatchObject({
      status: 200,
    });
    expect(await endpoint.unary('Emit', headersWith(`Bearer ${secret}x`), 'json', body)).toMatchObject({
      status: 401,
    });
    expect(() => new PushFixture(undefined, [{ name: 'empty', secret: '' }])).toThrow(/"empty"/);
  });

  it('is not asked for when none is configured', async () => {
    const fixture = new PushFixture(undefined, []);
    const body = Buffer.from(JSON.stringify(EMIT));
    expect(await fixture.endpoint.unary('Emit', headersWith(''), 'json', body)).toMatchObject({
      status: 200,
    });
  });
});
