import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'vitest';
import { engineUrl } from '../support/engine-url.ts';
import { PollingPeer } from '../support/polling-peer.ts';
import { RawWebSocket } from '../support/raw-websocket.ts';
import { street } from './street.ts';

/** WebSocket frames that no library sends, and the WebSocket handshake abused. */
street('hostile frames', {}, (row) => {
  const PATHS = ['/socket.io/?EIO=4&transport=websocket', '/engine.io/?EIO=4&transport=websocket', '/ws'];
  const encode = RawWebSocket.encode;
  const hello = Buffer.from('4hello');

  for (const path of PATHS) {
    for (const rsv of [1, 2, 3, 4, 7]) {
      row('FRM-1', `closes upon reserved bits ${rsv} on ${path} (CVE-2022-21676)`, async (node) => {
        const raw = await RawWebSocket.open(node.clientsUrl + path);
        raw.send(encode({ opcode: 1, rsv, payload: hello }));
        await raw.untilClosed();
      });
    }
    for (const [name, frame] of [
      ['a frame without mask', encode({ opcode: 1, masked: false, payload: hello })],
      ['an unknown opcode', encode({ opcode: 3, payload: hello })],
      ['an unknown control opcode', encode({ opcode: 11, payload: hello })],
      ['a continuation of nothing', encode({ opcode: 0, payload: hello })],
      ['a ping in fragments', encode({ opcode: 9, fin: false, payload: hello })],
      ['a ping of 126 bytes', encode({ opcode: 9, payload: Buffer.alloc(126) })],
      ['a close code that must not be sent', encode({ opcode: 8, payload: Buffer.from([0x03, 0xed]) })],
    ] as const) {
      row('FRM-1', `closes upon ${name} on ${path}`, async (node) => {
        const raw = await RawWebSocket.open(node.clientsUrl + path);
        raw.send(frame);
        await raw.untilClosed();
      });
    }

    row('FRM-2', `closes upon endless fragments of one byte on ${path}`, async (node) => {
      const before = node.process.rss;
      await flood(node.clientsUrl + path, [Buffer.from('x')]);
      expect(node.process.rss - before).toBeLessThan(80e6);
    });

    row('FRM-2', `closes upon endless empty fragments on ${path}`, async (node) => {
      const before = node.process.rss;
      await flood(node.clientsUrl + path, [Buffer.alloc(0)]);
      expect(node.process.rss - before).toBeLessThan(80e6);
    });

    row('FRM-3', `closes upon a flood of pings whose pongs nobody reads on ${path}`, async (node) => {
      const before = node.process.rss;
      const raw = await RawWebSocket.open(node.clientsUrl + path, { ignoreClose: true });
      raw.socket.pause();
      const ping = Buffer.concat(
        Array.from({ length: 500 }, () => encode({ opcode: 9, payload: Buffer.alloc(125) })),
      );
      await pour(raw, ping, 8000);
      expect(node.process.rss - before).toBeLessThan(80e6);
      raw.destroy();
    });
  }

  row('FRM-1', 'closes a probing websocket upon reserved bits, and the session polls on', async (node) => {
    const polling = await PollingPeer.open(node.clientsUrl, { path: '/engine.io/' });
    const raw = await RawWebSocket.open(polling.upgradeUrl);
    raw.send(encode({ opcode: 1, rsv: 2, payload: Buffer.from('2probe') }));
    await raw.untilClosed();
    await polling.post('4still here');
    expect(await polling.next()).toBe('4still here');
  });

  row('FRM-1', 'bears reserved bits in the same segment as the handshake', async (node) => {
    for (let i = 0; i < 10; i++) {
      const raw = await RawWebSocket.open(node.clientsUrl + PATHS[0]);
      raw.send(Buffer.concat([encode({ opcode: 1, rsv: 6, payload: hello }), RawWebSocket.text('40')]));
      await raw.untilClosed();
    }
  });

  row('FRM-4', 'bears a reset right after the upgrade (CVE-2022-41940)', async (node) => {
    for (let i = 0; i < 50; i++) {
      const raw = await RawWebSocket.open(node.clientsUrl + PATHS[i % 3]);
      if (i % 2) raw.send(RawWebSocket.text('40'));
      raw.socket.resetAndDestroy();
      await once(raw.socket, 'close');
    }
    const polling = await PollingPeer.open(node.clientsUrl);
    for (let i = 0; i < 20; i++) {
      const raw = await RawWebSocket.open(polling.upgradeUrl).catch(() => null);
      if (i % 2) raw?.send(RawWebSocket.text('2probe'));
      raw?.socket.resetAndDestroy();
      await sleep(5);
    }
    await polling.post('40');
    expect(await polling.next()).toMatch(/^40\{/);
  });

  for (const [name, header] of [
    ['constructor', 'Sec-WebSocket-Extensions: constructor'],
    ['__proto__', 'Sec-WebSocket-Extensions: __proto__; toString=1'],
    [
      'permessage-deflate with absurd windows',
      'Sec-WebSocket-Extensions: permessage-deflate; server_max_window_bits=99999',
    ],
    ['a thousand extensions', `Sec-WebSocket-Extensions: ${'a;b=c, '.repeat(400)}z`],
  ] as const) {
    row('FRM-5', `bears the extension offer ${name}`, async (node) => {
      const raw = await RawWebSocket.open(node.clientsUrl + PATHS[0], { headers: [header] }).catch(
        () => null,
      );
      if (!raw) return;
      expect((await raw.frame()).payload.toString()[0]).toBe('0');
      raw.destroy();
    });
  }

  row('FRM-6', 'bears a Sec-WebSocket-Protocol full of whitespace', async (node) => {
    for (const value of [`a${' '.repeat(3000)}b`, `${' ,'.repeat(1500)}x`, '\t'.repeat(2000)]) {
      const started = Date.now();
      const raw = await RawWebSocket.open(node.clientsUrl + PATHS[0], {
        headers: [`Sec-WebSocket-Protocol: ${value}`],
      }).catch(() => null);
      raw?.destroy();
      expect(Date.now() - started).toBeLessThan(1000);
    }
  });

  row('HTTP-1', 'refuses a handshake with too many headers', async (node) => {
    const headers = Array.from({ length: 2000 }, (_, i) => `X-Header-${i}: ${i}`);
    const url = node.clientsUrl + PATHS[0];
    await expect(RawWebSocket.open(url, { headers })).rejects.toThrow(/refused/);
    await expect(RawWebSocket.open(url, { headers: [`X-Long: ${'x'.repeat(1_000_000)}`] })).rejects.toThrow(
      /refused/,
    );
  });

  row('FRM-7', 'closes upon a massive frame without waiting for its end', async (node) => {
    for (const path of PATHS) {
      const before = node.process.rss;
      const raw = await RawWebSocket.open(node.clientsUrl + path);
      const head = encode({ opcode: 2, payload: Buffer.alloc(0) });
      const length = Buffer.alloc(8);
      length.writeBigUInt64BE(1n << 40n);
      raw.send(Buffer.concat([head.subarray(0, 1), Buffer.of(0xff), length, Buffer.alloc(1000)]));
      await raw.untilClosed();
      expect(node.process.rss - before).toBeLessThan(30e6);
    }
  });

  row('FRM-1', 'bears a handshake with a bad key or version', async (node) => {
    const url = engineUrl(node.clientsUrl, { EIO: '4', transport: 'websocket' });
    const { hostname, port, pathname, search } = new URL(url);
    for (const lines of [
      ['Sec-WebSocket-Version: 13'],
      ['Sec-WebSocket-Key: short', 'Sec-WebSocket-Version: 13'],
      ['Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==', 'Sec-WebSocket-Version: 8'],
    ]) {
      const { RawHttp } = await import('../support/raw-http.ts');
      const raw = await RawHttp.open(node.clientsUrl);
      raw.write(
        `GET ${pathname}${search} HTTP/1.1\r\nHost: ${hostname}:${port}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n${lines.join('\r\n')}\r\n\r\n`,
      );
      await raw.answer().catch(() => 'none');
      raw.destroy();
    }
  });
});

/** Sends a message that begins and never ends, until the server has enough. */
async function flood(url: string, payloads: readonly Buffer[]): Promise<void> {
  const raw = await RawWebSocket.open(url);
  raw.send(RawWebSocket.encode({ opcode: 1, fin: false, payload: Buffer.from('4') }));
  const burst = Buffer.concat(
    Array.from({ length: 2000 }, () => RawWebSocket.encode({ opcode: 0, fin: false, payload: payloads[0]! })),
  );
  await pour(raw, burst, 8000);
}

/** Writes `chunk` again and again, as fast as the server takes it, until it closes; fails after `ms`. */
async function pour(raw: RawWebSocket, chunk: Buffer, ms: number): Promise<void> {
  const deadline = Date.now() + ms;
  let isClosed = false;
  const closed = raw.closed.then(() => {
    isClosed = true;
  });
  // A paused socket does not see the end of the connection, but its writes fail.
  raw.socket.on('close', () => {
    isClosed = true;
  });
  while (!isClosed && Date.now() < deadline) {
    if (!raw.socket.write(chunk)) {
      await Promise.race([once(raw.socket, 'drain').catch(() => undefined), closed, sleep(100)]);
    } else await sleep(1);
  }
  expect(isClosed, 'the server closed the connection').toBe(true);
}
