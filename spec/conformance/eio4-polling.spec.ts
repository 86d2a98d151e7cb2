import { request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'vitest';
import { judge } from '../support/judge.ts';
import { PollingPeer } from '../support/polling-peer.ts';

judge('Engine.IO 4 over long-polling', ({ server, clause, strict }) => {
  const open = () => PollingPeer.open(server().url, { path: '/engine.io/' });

  clause('EIO4-POLL-1', 'takes a POST of one packet and answers ok', async () => {
    const peer = await open();
    const answer = await peer.post('4hello');
    expect(answer.status).toBe(200);
    expect(await answer.text()).toBe('ok');
    expect(await peer.next()).toBe('4hello');
  });

  clause('EIO4-POLL-2', 'separates packets of one payload by U+001E and keeps their order', async () => {
    const peer = await open();
    await peer.post('4test1', '4test2', '4', '4test3€😀');
    expect(await peer.take(4)).toEqual(['4test1', '4test2', '4', '4test3€😀']);
  });

  clause('EIO4-POLL-3', 'carries binary as b and base64, mixed with text', async () => {
    const peer = await open();
    const bytes = Buffer.from([1, 2, 3, 4]);
    await peer.post('4hello', bytes, Buffer.alloc(300, 0xff));
    expect(await peer.take(3)).toEqual(['4hello', bytes, Buffer.alloc(300, 0xff)]);
  });

  clause('EIO4-POLL-4', 'holds a GET until there is something to say', async () => {
    const peer = await open();
    const poll = peer.poll();
    const early = await Promise.race([poll, sleep(100, 'pending')]);
    expect(early).toBe('pending');
    await peer.post('4late');
    expect(await poll).toEqual(['4late']);
  });

  clause('EIO4-POLL-5', 'answers a second GET with 400 and closes the session', async () => {
    const peer = await open();
    const first = peer.get();
    await sleep(100);
    expect((await peer.get()).status).toBe(400);
    await first;
    expect((await peer.get()).status).toBe(400);
  });

  clause('EIO4-POLL-6', 'closes the session upon a second POST while one is under way', async () => {
    const peer = await open();
    const slow = request(peer.url, { method: 'POST', headers: { 'content-length': 10 } });
    slow.on('error', () => undefined);
    slow.write('4he');
    await sleep(50);
    expect((await peer.post('4hello')).status).toBe(400);
    slow.destroy();
    expect((await peer.get()).status).toBe(400);
  });

  for (const body of ['abc', '', '7', '9x', 'x4hello', '\x1e', '4ok\x1eabc']) {
    clause('EIO4-POLL-7', `closes the session upon the payload ${JSON.stringify(body)}`, async () => {
      const peer = await open();
      await peer.postRaw(body).catch(() => undefined);
      expect(await untilGone(peer)).toBe(400);
    });
    strict('EIO4-POLL-7', `answers the payload ${JSON.stringify(body)} with 400`, async () => {
      const peer = await open();
      expect((await peer.postRaw(body)).status).toBe(400);
    });
  }

  clause('EIO4-POLL-8', 'refuses application/octet-stream with 400 and closes the session', async () => {
    const peer = await open();
    expect((await peer.postRaw(Buffer.from([4, 1]), 'application/octet-stream')).status).toBe(400);
    expect((await peer.get()).status).toBe(400);
  });

  clause('EIO4-POLL-9', 'refuses a body above maxPayload with 413', async () => {
    const peer = await open();
    const answer = await peer.post(`4${'x'.repeat(peer.handshake.maxPayload)}`).catch(() => null);
    if (answer) expect(answer.status).toBe(413);
  });

  strict('EIO4-POLL-9', 'closes the session after a body above maxPayload', async () => {
    const peer = await open();
    await peer.post(`4${'x'.repeat(peer.handshake.maxPayload)}`).catch(() => undefined);
    expect(await untilGone(peer)).toBe(400);
  });

  clause('EIO4-POLL-9', 'takes a body of exactly maxPayload', async () => {
    const peer = await open();
    const packet = `4${'x'.repeat(peer.handshake.maxPayload - 1)}`;
    expect((await peer.post(packet)).status).toBe(200);
    expect((await peer.next()).length).toBe(packet.length);
  });

  clause('EIO4-POLL-10', 'forbids caches to keep a poll', async () => {
    const peer = await open();
    await peer.post('4x');
    const answer = await peer.get();
    expect(answer.headers.get('cache-control')).toBe('no-store');
    expect(answer.headers.get('content-type')).toMatch(/^text\/plain; ?charset=utf-8$/i);
  });

  clause('EIO4-POLL-11', 'closes the session when a pending GET is broken off', async () => {
    const peer = await open();
    const abort = new AbortController();
    const poll = peer.get(abort.signal).catch(() => undefined);
    await sleep(50);
    abort.abort();
    await poll;
    expect(await untilGone(peer)).toBe(400);
  });

  for (const method of ['PUT', 'DELETE', 'PATCH']) {
    clause('EIO4-POLL-12', `refuses ${method} on a session`, async () => {
      const peer = await open();
      expect((await fetch(peer.url, { method })).status).toBeGreaterThanOrEqual(400);
    });
  }

  strict('EIO4-POLL-13', 'refuses base64 that is none', async () => {
    for (const bad of ['b!!!', 'bAAA', 'bA===', 'bAQID====', 'bAQ ID']) {
      const peer = await open();
      expect((await peer.postRaw(bad)).status).toBe(400);
      expect(await untilGone(peer)).toBe(400);
    }
  });

  clause('EIO4-POLL-14', 'passes over line breaks within base64', async () => {
    const peer = await open();
    const bytes = Buffer.alloc(100, 7);
    const lines = bytes.toString('base64').replace(/.{76}/g, '$&\n');
    expect((await peer.postRaw(`b${lines}\n\x1e4next`)).status).toBe(200);
    expect(await peer.take(2)).toEqual([bytes, '4next']);
  });
});

/** Status of the first GET that is refused; polls answered before that are the session's last words. */
async function untilGone(peer: PollingPeer): Promise<number> {
  for (let i = 0; i < 5; i++) {
    const answer = await peer.get();
    if (answer.status !== 200) return answer.status;
  }
  return 200;
}
