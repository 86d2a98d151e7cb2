import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'vitest';
import { engineUrl } from '../support/engine-url.ts';
import type { RunningNode } from '../support/node.ts';
import { PollingPeer } from '../support/polling-peer.ts';
import { RawHttp } from '../support/raw-http.ts';
import { street } from './street.ts';

/** Requests of long-polling and of HTTP itself. */
street('hostile requests', {}, (row) => {
  const open = (node: RunningNode, revision: 3 | 4 = 4) =>
    PollingPeer.open(node.clientsUrl, { path: '/engine.io/', revision });
  const gone = async (peer: PollingPeer) => {
    for (let i = 0; i < 3; i++) {
      const { status } = await peer.get();
      if (status !== 200) return status;
    }
    return 200;
  };

  row('HTTP-2', 'refuses a POST that announces more than maxPayload (CVE-2020-36048)', async (node) => {
    const peer = await open(node);
    const raw = await RawHttp.open(node.clientsUrl);
    raw.write(head('POST', peer.url, ['Content-Length: 1000000000', 'Content-Type: text/plain']));
    raw.write('4hello');
    expect([413, 'closed']).toContain(await raw.answer());
    raw.destroy();
    expect(await gone(peer)).toBe(400);
  });

  row('HTTP-2', 'refuses a chunked POST once it is above maxPayload (CVE-2020-36049)', async (node) => {
    const before = node.process.rss;
    const peer = await open(node);
    const raw = await RawHttp.open(node.clientsUrl);
    raw.write(head('POST', peer.url, ['Transfer-Encoding: chunked', 'Content-Type: text/plain']));
    const chunk = `10000\r\n${'x'.repeat(0x10000)}\r\n`;
    for (let i = 0; i < 64 && raw.received === ''; i++) {
      raw.write(chunk);
      await sleep(2);
    }
    expect([413, 400, 'closed']).toContain(await raw.answer());
    raw.destroy();
    expect(await gone(peer)).toBe(400);
    expect(node.process.rss - before).toBeLessThan(50e6);
  });

  for (const transport of [
    '__proto__',
    'constructor',
    'toString',
    'hasOwnProperty',
    'polling%00',
    'webtransport',
  ]) {
    row('HTTP-3', `refuses transport=${transport} with 400 (CVE-2023-31125)`, async (node) => {
      const answer = await fetch(`${node.clientsUrl}/socket.io/?EIO=4&transport=${transport}`);
      expect(answer.status).toBe(400);
      const peer = await open(node);
      expect((await fetch(`${peer.url.replace('polling', transport)}`)).status).toBe(400);
    });
  }

  row('HTTP-3', 'refuses property names of objects as sid', async (node) => {
    for (const sid of ['__proto__', 'constructor', 'toString', '%00', 'a'.repeat(4000)]) {
      const url = `${node.clientsUrl}/socket.io/?EIO=4&transport=polling&sid=${sid}`;
      expect((await fetch(url)).status).toBe(400);
    }
  });

  row('HTTP-4', 'lets nobody hold a session open with a POST that never ends', async (node) => {
    for (const revision of [3, 4] as const) {
      const peer = await open(node, revision);
      const raw = await RawHttp.open(node.clientsUrl);
      raw.write(head('POST', peer.url, ['Content-Length: 1000', 'Content-Type: application/octet-stream']));
      raw.write(Buffer.from([1, 2, 255]));
      await sleep(peer.handshake.pingInterval + peer.handshake.pingTimeout + 300);
      expect((await peer.get()).status).toBe(400);
      raw.destroy();
    }
  });

  row('HTTP-5', 'refuses a session whose EIO changes, on polls and upgrades', async (node) => {
    for (const revision of [3, 4] as const) {
      const peer = await open(node, revision);
      const other = peer.url.replace(`EIO=${revision}`, `EIO=${7 - revision}`);
      expect((await fetch(other)).status).toBe(400);
      expect((await fetch(other, { method: 'POST', body: '4x' })).status).toBe(400);
    }
  });

  row('HTTP-6', 'refuses 1 MB of tiny packets, and quickly', async (node) => {
    for (const body of ['4\x1e'.repeat(499_000), '\x1e'.repeat(999_000), '3\x1e'.repeat(499_000)]) {
      const peer = await open(node);
      const started = Date.now();
      expect((await peer.postRaw(body)).status).toBe(400);
      expect(Date.now() - started).toBeLessThan(1000);
      expect(await gone(peer)).toBe(400);
    }
    const old = await open(node, 3);
    expect((await old.postRaw('1:4'.repeat(300_000))).status).toBe(400);
    const binary = await open(node, 3);
    const packets = Buffer.from('\x00\x01\xff4'.repeat(200_000), 'latin1');
    expect((await binary.postRaw(packets, 'application/octet-stream')).status).toBe(400);
  });

  for (const body of ['b!!!', 'bA', 'b====', 'bAQID\x1eb*', 'b\u0000AAA', 'bAQ=D', 'b-_-_']) {
    row('HTTP-7', `refuses ${JSON.stringify(body)}, which is not base64`, async (node) => {
      const peer = await open(node);
      expect((await peer.postRaw(body)).status).toBe(400);
      expect(await gone(peer)).toBe(400);
    });
  }

  for (const [name, body] of [
    ['a length of 400 digits', `${'9'.repeat(400)}:4x`],
    ['a length beyond the payload', '999999:4x'],
    ['a length in hexadecimal', '0x2:4x'],
  ] as const) {
    row('HTTP-6', `closes an Engine.IO 3 session upon ${name}`, async (node) => {
      const peer = await open(node, 3);
      expect((await peer.postRaw(body)).status).toBe(400);
      expect(await gone(peer)).toBe(400);
    });
  }

  for (const [name, bytes] of [
    ['no end of the length', Buffer.alloc(1000, 1)],
    ['a length of 400 digits', Buffer.from([0, ...Array(400).fill(9), 255, 0x34])],
    ['digits above nine', Buffer.from([0, 77, 255, 0x34])],
    ['an unknown kind', Buffer.from([7, 1, 255, 0x34])],
    ['text that is not UTF-8', Buffer.from([0, 2, 255, 0x34, 0xc3])],
  ] as const) {
    row('HTTP-6', `closes an Engine.IO 3 session upon a binary payload with ${name}`, async (node) => {
      const peer = await open(node, 3);
      expect((await peer.postRaw(bytes, 'application/octet-stream')).status).toBe(400);
      expect(await gone(peer)).toBe(400);
    });
  }

  row('HTTP-1', 'refuses requests with too many or too long headers', async (node) => {
    for (const lines of [
      Array.from({ length: 3000 }, (_, i) => `X-${i}: ${i}`),
      [`X-Long: ${'x'.repeat(200_000)}`],
    ]) {
      const raw = await RawHttp.open(node.clientsUrl);
      raw.write(head('GET', engineUrl(node.clientsUrl, { EIO: '4', transport: 'polling' }), lines));
      const answer = await raw.answer();
      expect(answer === 'closed' || answer >= 400).toBe(true);
      raw.destroy();
    }
  });

  for (const [name, text] of [
    ['no HTTP at all', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03'],
    ['a line that is no request', 'HELLO\r\n\r\n'],
    [
      'two lengths',
      'POST /socket.io/ HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello',
    ],
    [
      'length and chunks',
      'POST /socket.io/ HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET / HTTP/1.1\r\n\r\n',
    ],
    ['a negative length', 'POST /socket.io/ HTTP/1.1\r\nHost: x\r\nContent-Length: -5\r\n\r\n'],
    [
      'a bad chunk size',
      'POST /socket.io/?EIO=4&transport=polling HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n',
    ],
  ] as const) {
    row('HTTP-8', `bears ${name}`, async (node) => {
      const raw = await RawHttp.open(node.clientsUrl);
      raw.write(Buffer.from(text, 'latin1'));
      const answer = await raw.answer().catch(() => 'none');
      expect(answer === 'closed' || answer === 'none' || Number(answer) >= 400).toBe(true);
      raw.destroy();
    });
  }

  row('HTTP-8', 'bears connections that end in the middle of a POST', async (node) => {
    for (let i = 0; i < 30; i++) {
      const peer = await open(node);
      const raw = await RawHttp.open(node.clientsUrl);
      raw.write(head('POST', peer.url, ['Content-Length: 1000']));
      raw.write('4half');
      await sleep(2);
      raw.socket.resetAndDestroy();
    }
  });

  row(
    'HTTP-9',
    'ends a request whose headers never end',
    async (node) => {
      const raw = await RawHttp.open(node.clientsUrl);
      raw.write('GET /socket.io/?EIO=4&transport=polling HTTP/1.1\r\nHost: x\r\n');
      await raw.untilClosed(20_000);
    },
    30_000,
  );

  row('HTTP-10', 'refuses JSONP, which is off', async (node) => {
    for (const j of ['0', '12', 'alert(1)', '__proto__']) {
      const answer = await fetch(engineUrl(node.clientsUrl, { EIO: '3', transport: 'polling', j }));
      expect(answer.status).toBe(400);
      expect(await answer.text()).not.toContain('___eio');
    }
  });

  row('HTTP-11', 'serves neither push nor admin to clients', async (node) => {
    for (const path of ['/holdfast.v1.PushService/Emit', '/metrics', '/inspect', '/healthz', '/log/level']) {
      const answer = await fetch(node.clientsUrl + path, { method: 'POST', body: '{}' });
      expect([404, 405]).toContain(answer.status);
    }
  });

  row('HTTP-12', 'never logs a sid and keeps it apart from the public id (CVE-2017-16031)', async (node) => {
    const peer = await PollingPeer.open(node.clientsUrl);
    await peer.post('40');
    const { sid } = JSON.parse(String(await peer.next()).slice(2)) as { sid: string };
    expect(peer.sid).not.toBe(sid);
    for (const guess of [sid, `${sid}${peer.sid.slice(sid.length)}`]) {
      expect((await fetch(peer.url.replace(peer.sid, guess))).status).toBe(400);
    }
    await peer.post('1');
    await sleep(200);
    expect(node.process.output).not.toContain(peer.sid);
  });
});

/** Request line and headers, open-ended or not: what is in `lines` decides. */
function head(method: string, url: string, lines: readonly string[]): string {
  const { host, pathname, search } = new URL(url);
  return `${[`${method} ${pathname}${search} HTTP/1.1`, `Host: ${host}`, ...lines].join('\r\n')}\r\n\r\n`;
}
