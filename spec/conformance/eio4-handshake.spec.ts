import { expect } from 'vitest';
import { engineUrl, type Handshake } from '../support/engine-url.ts';
import { judge } from '../support/judge.ts';
import { RefusedError, WebSocketPeer } from '../support/websocket-peer.ts';

judge('Engine.IO 4 handshake', ({ server, clause, strict }) => {
  const url = (query: Record<string, string | undefined>) => engineUrl(server().url, query);

  clause('EIO4-HS-1', 'answers a polling handshake with one OPEN packet', async () => {
    const answer = await fetch(url({ EIO: '4', transport: 'polling' }));
    expect(answer.status).toBe(200);
    expect(answer.headers.get('content-type')).toMatch(/^text\/plain; ?charset=utf-8$/i);
    const body = await answer.text();
    expect(body[0]).toBe('0');
    const open = JSON.parse(body.slice(1)) as Handshake;
    expect(Object.keys(open).sort()).toEqual([
      'maxPayload',
      'pingInterval',
      'pingTimeout',
      'sid',
      'upgrades',
    ]);
    expect(typeof open.sid).toBe('string');
    expect(open.upgrades).toEqual(['websocket']);
    for (const figure of [open.pingInterval, open.pingTimeout, open.maxPayload]) {
      expect(Number.isInteger(figure) && figure > 0).toBe(true);
    }
  });

  clause(
    'EIO4-HS-2',
    'sends the OPEN packet as first frame of a websocket and offers no upgrade',
    async () => {
      const peer = await WebSocketPeer.open(url({ EIO: '4', transport: 'websocket' }));
      const open = await peer.text();
      expect(open[0]).toBe('0');
      expect((JSON.parse(open.slice(1)) as Handshake).upgrades).toEqual([]);
      peer.close();
    },
  );

  for (const EIO of ['abc', '5', '2', '', '44', '3.0']) {
    strict('EIO4-HS-3', `refuses EIO=${EIO || '(empty)'} with 400`, async () => {
      expect((await fetch(url({ EIO, transport: 'polling' }))).status).toBe(400);
      await refused(url({ EIO, transport: 'websocket' }));
    });
  }

  for (const transport of [undefined, 'abc', 'webtransport', '__proto__', 'constructor', 'POLLING']) {
    clause('EIO4-HS-4', `refuses transport=${transport ?? '(absent)'} with 400`, async () => {
      const answer = await fetch(url({ EIO: '4', transport }));
      expect(answer.status).toBe(400);
      expect(await answer.json()).toEqual({ code: 0, message: 'Transport unknown' });
      await refused(url({ EIO: '4', transport }));
    });
  }

  for (const method of ['POST', 'PUT', 'DELETE', 'PATCH']) {
    clause('EIO4-HS-5', `refuses a handshake by ${method} with 400`, async () => {
      const answer = await fetch(url({ EIO: '4', transport: 'polling' }), { method });
      expect(answer.status).toBe(400);
      expect(await answer.json()).toEqual({ code: 2, message: 'Bad handshake method' });
    });
  }

  clause('EIO4-HS-6', 'refuses a sid it does not know with 400, on each transport', async () => {
    const query = { EIO: '4', sid: 'unknownunknownunknown' };
    for (const method of ['GET', 'POST']) {
      const answer = await fetch(url({ ...query, transport: 'polling' }), { method });
      expect(answer.status).toBe(400);
      expect(await answer.json()).toEqual({ code: 1, message: 'Session ID unknown' });
    }
    await refused(url({ ...query, transport: 'websocket' }));
  });

  clause('EIO4-HS-7', 'refuses transport=websocket on a request that does not upgrade with 400', async () => {
    const answer = await fetch(url({ EIO: '4', transport: 'websocket' }));
    expect(answer.status).toBe(400);
    expect(await answer.json()).toEqual({ code: 3, message: 'Bad request' });
  });

  clause(
    'EIO4-HS-8',
    'gives sids that nobody guesses: all different, and one changed letter is unknown',
    async () => {
      const sids: string[] = [];
      for (let i = 0; i < 20; i++) {
        const body = await (await fetch(url({ EIO: '4', transport: 'polling' }))).text();
        sids.push((JSON.parse(body.slice(1)) as Handshake).sid);
      }
      expect(new Set(sids).size).toBe(20);
      const sid = sids.at(-1) ?? '';
      expect(sid.length).toBeGreaterThanOrEqual(20);
      for (const at of [0, 5, 10, 15, sid.length - 2]) {
        const other = sid[at] === 'A' ? 'B' : 'A';
        const guess = sid.slice(0, at) + other + sid.slice(at + 1);
        expect((await fetch(url({ EIO: '4', transport: 'polling', sid: guess }))).status).toBe(400);
      }
    },
  );

  clause('EIO4-HS-9', 'refuses a session to a client that changes its EIO', async () => {
    const body = await (await fetch(url({ EIO: '4', transport: 'polling' }))).text();
    const { sid } = JSON.parse(body.slice(1)) as Handshake;
    expect((await fetch(url({ EIO: '3', transport: 'polling', sid }))).status).toBe(400);
    await refused(url({ EIO: '3', transport: 'websocket', sid }));
  });
});

async function refused(url: string): Promise<void> {
  const error = await WebSocketPeer.open(url).then(
    () => null,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(RefusedError);
  expect((error as RefusedError).status).toBe(400);
}
