import { readdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { json } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type DemoBackend, startDemoBackend } from '../../src/demo/backend.ts';
import { FILTER_NAMES } from '../../src/demo/filters/filter.ts';

interface Push {
  readonly to: { readonly rooms?: string[]; readonly sockets?: string[] };
  readonly event: string;
  readonly args: readonly Record<string, unknown>[];
  readonly attachments?: readonly string[];
  readonly ack?: { readonly collect: string };
}

describe('the demo backend', () => {
  let pushes: Push[];
  let answerPush: (push: Push) => Promise<object>;
  let refuse: boolean;
  let logged: string[];
  let gateway: ReturnType<typeof createServer>;
  let backend: DemoBackend;

  beforeEach(async () => {
    pushes = [];
    logged = [];
    refuse = false;
    answerPush = async () => ({ messageId: '1', acked: 1, expected: 1 });
    gateway = createServer(async (request, response) => {
      const push = (await json(request)) as Push;
      pushes.push(push);
      response.statusCode = refuse ? 503 : 200;
      response.end(JSON.stringify(await answerPush(push)));
    });
    await new Promise<void>((resolve) => gateway.listen(0, '127.0.0.1', resolve));
    const pushUrl = `http://127.0.0.1:${(gateway.address() as AddressInfo).port}`;
    backend = await startDemoBackend({ pushUrl, log: (line) => logged.push(line) });
  });

  afterEach(async () => {
    await backend.close();
    gateway.closeAllConnections();
    await new Promise((resolve) => gateway.close(resolve));
  });

  async function call(
    method: string,
    body: object,
  ): Promise<{ status: number; answer: Record<string, unknown> }> {
    const url = `${backend.url}/holdfast.v1.BackendService/${method}`;
    const response = await fetch(url, { method: 'POST', body: JSON.stringify(body) });
    return { status: response.status, answer: (await response.json()) as Record<string, unknown> };
  }

  function picture(socket: string, width = 8, height = 6): object {
    const attachments = [Buffer.alloc(width * height * 3, 90).toString('base64')];
    const args = [
      { title: 'Grey', width, height },
      { _placeholder: true, num: 0 },
    ];
    return { socket: { id: socket }, messageId: `m-${socket}`, event: 'picture', args, attachments };
  }

  async function until(event: string): Promise<void> {
    await expect.poll(() => pushes.some((push) => push.event === event), { timeout: 5000 }).toBe(true);
  }

  it('puts a socket into the room of its user and tells the room how many devices are open', async () => {
    const { answer } = await call('OnConnect', {
      socket: { id: '1' },
      messageId: 'c',
      auth: { user: 'ada' },
    });
    expect(answer).toEqual({
      actions: [
        { join: { rooms: ['user:ada'] } },
        { emit: { namespace: '/demo', to: { rooms: ['user:ada'] }, event: 'devices', args: [1] } },
      ],
    });
    await call('OnConnect', { socket: { id: '2' }, messageId: 'd', auth: { user: 'ada' } });
    const gone = await call('OnDisconnect', { socket: { id: '1' }, messageId: 'e' });
    expect(gone.answer).toEqual({
      actions: [{ emit: { namespace: '/demo', to: { rooms: ['user:ada'] }, event: 'devices', args: [1] } }],
    });
  });

  it('leaves sockets alone that say no name', async () => {
    expect((await call('OnConnect', { socket: { id: '1' }, messageId: 'c' })).answer).toEqual({});
    const { answer } = await call('OnMessage', picture('1'));
    expect(answer).toMatchObject({ ack: { args: [{ error: expect.stringContaining('connect with') }] } });
  });

  it('acknowledges a picture at once and pushes the prints in order, each when the one before was acknowledged', async () => {
    let open = 0;
    let most = 0;
    answerPush = async (push) => {
      if (push.ack) most = Math.max(most, ++open);
      await new Promise((resolve) => setTimeout(resolve, 5));
      if (push.ack) open--;
      return { messageId: '1', acked: 1, expected: 1 };
    };
    await call('OnConnect', { socket: { id: '1' }, messageId: 'c', auth: { user: 'ada' } });
    const { answer } = await call('OnMessage', picture('1'));
    expect(answer).toEqual({ ack: { args: [{ job: 'm-1', filters: FILTER_NAMES }] } });
    await until('done');
    const results = pushes.filter(({ event }) => event === 'result');
    expect(results.map(({ args }) => args[0]?.filter)).toEqual(FILTER_NAMES);
    expect(most).toBe(1);
    for (const { attachments, to } of results) {
      expect(Buffer.from(attachments?.[0] ?? '', 'base64').toString('latin1', 1, 4)).toBe('PNG');
      expect(to).toEqual({ rooms: ['user:ada'] });
    }
  });

  it('gives a job up when the push API refuses, says so, and takes the next call', async () => {
    refuse = true;
    await call('OnConnect', { socket: { id: '1' }, messageId: 'c', auth: { user: 'ada' } });
    await call('OnMessage', picture('1'));
    await expect
      .poll(() => logged.join(), { timeout: 5000 })
      .toContain('job m-1 failed: Error: Emit answered 503');
    const { status } = await call('OnMessage', { socket: { id: '1' }, messageId: 'l', event: 'latency' });
    expect(status).toBe(200);
  });

  it('answers a method it does not have as unimplemented', async () => {
    const { status, answer } = await call('OnAuthenticate', {});
    expect(status).toBe(404);
    expect(answer).toMatchObject({ code: 'unimplemented' });
  });

  it('is an outside program: it imports nothing of Holdfast', () => {
    const folder = join(import.meta.dirname, '../../src/demo');
    const sources = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) =>
      name.endsWith('.ts'),
    );
    expect(sources.length).toBeGreaterThan(10);
    for (const name of sources) {
      const imports = [...readFileSync(join(folder, name), 'utf8').matchAll(/from '([^']+)'/g)].map(
        (m) => m[1],
      );
      for (const path of imports) {
        const inside =
          path?.startsWith('node:') ||
          path?.startsWith('./') ||
          (name.includes('/') && path?.startsWith('../'));
        expect(inside, `${name} imports ${path}`).toBe(true);
      }
    }
  });
});
