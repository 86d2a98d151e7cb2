import { request } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PeerListener } from '../../src/adapters/uws/peer-listener.ts';
import type { Connection } from '../../src/runtime/connection/connection.ts';
import type { Engine } from '../../src/runtime/connection/engine.ts';
import type { Departures } from '../../src/runtime/handover/departures.ts';

const KEY = 'k'.repeat(43);
const MAX_PAYLOAD = 1_000;
const PATHS = [
  'poll',
  'post',
  'post-binary',
  'holds',
  'candidate/open',
  'candidate/upgrade',
  'candidate/arrived',
];

/** What the listener asked of the engine. */
const asked: string[] = [];
const polling = {
  poll: () => {
    asked.push('poll');
    return 'badRequest';
  },
  beginPost: () => ({}),
  post: (_ticket: object, body: Uint8Array) => {
    asked.push(`post of ${body.length}`);
    return null;
  },
  postTooLarge: () => void asked.push('too large'),
  postAborted: () => void asked.push('aborted'),
};
const engine = {
  find: (sid: string) => (sid === 'known' ? ({} as Connection) : null),
  polling,
} as unknown as Engine;
const departures = {
  upgraded: async () => {
    throw new Error('a surprise');
  },
} as unknown as Departures;

let listener: PeerListener;
let port = 0;

beforeAll(async () => {
  listener = new PeerListener({
    engine: () => engine,
    departures: () => departures,
    expects: () => false,
    key: KEY,
    maxPayload: MAX_PAYLOAD,
  });
  port = await listener.listen('127.0.0.1', 0);
});
afterAll(() => listener.close());

function ask(
  path: string,
  headers: Record<string, string>,
  body: string | Buffer = '',
  isChunked = false,
): Promise<number> {
  return new Promise((resolve, reject) => {
    const length = isChunked ? {} : { 'content-length': String(body.length) };
    const outgoing = request(
      { host: '127.0.0.1', port, path: `/peer/${path}`, method: 'POST', headers: { ...headers, ...length } },
      (answer) => {
        answer.resume();
        answer.once('end', () => resolve(answer.statusCode!));
      },
    );
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}

const authorized = {
  authorization: `Bearer ${KEY}`,
  'x-session': 'known',
  'x-speaks': 'socket.io',
  'x-node': '1',
};

describe('the listener for other nodes', () => {
  it.each([
    ['no token', ''],
    ['a wrong token', `Bearer ${'x'.repeat(43)}`],
    ['the beginning of the token', `Bearer ${KEY.slice(0, -1)}`],
    ['a longer token', `Bearer ${KEY}k`],
    ['the token by itself', KEY],
    ['the same number of bytes in another script', `Bearer ${'é'.repeat(21)}k`],
  ])('lets nobody in with %s, whatever is asked', async (_what, authorization) => {
    for (const path of PATHS) {
      const headers = {
        'x-session': 'known',
        ...(authorization === '' ? {} : { authorization: Buffer.from(authorization).toString('latin1') }),
      };
      expect(await ask(path, headers, 'x'.repeat(10))).toBe(401);
    }
    expect(asked).toEqual([]);
  });

  it('knows no session that is not here, and nothing but its own paths', async () => {
    for (const path of ['poll', 'post', 'candidate/open']) {
      expect(await ask(path, { ...authorized, 'x-session': 'unknown' })).toBe(400);
      expect(await ask(path, { authorization: authorized.authorization })).toBe(400);
    }
    expect(await ask('holds', { ...authorized, 'x-session': 'unknown' })).toBe(404);
    expect(await ask('elsewhere', authorized)).toBe(404);
    expect(await ask('candidate/dance', authorized)).toBe(400);
  });

  it.each([
    ['announced', false],
    ['not announced', true],
  ])(
    'takes bodies up to the payload of clients and no larger ones, their length %s',
    async (_what, isChunked) => {
      asked.length = 0;
      expect(await ask('post', authorized, 'x'.repeat(MAX_PAYLOAD), isChunked)).toBe(200);
      expect(await ask('post', authorized, 'x'.repeat(MAX_PAYLOAD + 1), isChunked)).toBe(413);
      expect(await ask('post', authorized, 'x'.repeat(20 * MAX_PAYLOAD), isChunked)).toBe(413);
      expect(asked).toEqual([`post of ${MAX_PAYLOAD}`, 'too large', 'too large']);
    },
  );

  it('answers when something of its own fails', async () => {
    expect(await ask('candidate/upgrade', authorized)).toBe(400);
  });
});
