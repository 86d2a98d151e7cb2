import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ClientSocket } from '../clients/client-socket.ts';
import { eventually } from '../contracts/contract.ts';
import { type RunningNode, startNode } from '../support/node.ts';
import { TraceCollector } from '../support/trace-collector.ts';
import { expectMessage, expectPush, treeOf } from './expected-chain.ts';
import { connected, talk } from './talk.ts';

const SERVICES = { gateway: 'holdfast', api: 'holdfast', system: 'memory' };
const TRACE = 'ab'.repeat(16);
const PARENT = 'cd'.repeat(8);

/** Against a process, with an OTLP receiver of our own. */
describe('the traces of a single node', () => {
  let collector: TraceCollector;
  let node: RunningNode | null = null;
  let socket: ClientSocket | null = null;
  beforeEach(async () => {
    collector = await TraceCollector.start();
  });
  afterEach(async () => {
    socket?.disconnect();
    await node?.close();
    await collector.close();
  });

  const start = async (settings: Readonly<Record<string, string>>) => {
    node = await startNode({ 'auth.mode': 'backend', ...settings });
    socket = await connected(node.clientsUrl);
    return { node, socket };
  };
  const tracedMessage = async ({ backend }: RunningNode) => {
    const { headers, body } = await backend.call('OnMessage');
    return {
      traceparent: String(headers.traceparent),
      traceId: (body as unknown as { traceId: string }).traceId,
    };
  };

  it('follow a message and a push from one end to the other', async () => {
    const running = await start({
      'tracing.endpoint': collector.url,
      'tracing.sample': '1',
      'tracing.headers': 'x-scope:holdfast,authorization:Bearer sekrit',
    });
    await talk(running.socket, running.node.pushUrl, `00-${TRACE}-${PARENT}-01`);
    const { traceId, traceparent } = await tracedMessage(running.node);
    await eventually(5_000, () => expectMessage(collector.ofTrace(traceId), SERVICES));
    await eventually(5_000, () => expectPush(collector.ofTrace(TRACE), PARENT, SERVICES));
    const call = collector.ofTrace(traceId).find(({ kind }) => kind === 'client')!;
    expect(traceparent).toBe(`00-${traceId}-${call.spanId}-01`);
    const login = await running.node.backend.call('OnAuthenticate');
    const asked = (login.body as unknown as { traceId: string }).traceId;
    await eventually(5_000, () => {
      const tree = treeOf(collector.ofTrace(asked));
      expect(tree).toBe('holdfast: client holdfast.v1.BackendService/OnAuthenticate');
    });
    expect(login.headers.traceparent).toBe(`00-${asked}-${collector.ofTrace(asked)[0]!.spanId}-01`);
    expect(collector.headers).toMatchObject({ 'x-scope': 'holdfast', authorization: 'Bearer sekrit' });
    expect(await running.node.metric('holdfast_spans_total', { outcome: 'exported' })).toBeGreaterThan(8);
    expect(await running.node.metric('holdfast_spans_total', { outcome: 'dropped' })).toBe(0);
  });

  it('are not begun when none is sampled, and go on where the pusher has begun one', async () => {
    const running = await start({ 'tracing.endpoint': collector.url, 'tracing.sample': '0' });
    await talk(running.socket, running.node.pushUrl, `00-${'ef'.repeat(16)}-${PARENT}-00`);
    await talk(running.socket, running.node.pushUrl, `00-${TRACE}-${PARENT}-01`);
    expect((await tracedMessage(running.node)).traceparent).toMatch(/-00$/);
    await eventually(5_000, () => expectPush(collector.ofTrace(TRACE), PARENT, SERVICES));
    expect(collector.spans.filter(({ traceId }) => traceId !== TRACE)).toEqual([]);
  });

  it('say of a call that failed that it did', async () => {
    const running = await start({ 'tracing.endpoint': collector.url, 'tracing.sample': '1' });
    await running.node.backend.close();
    running.socket.emit('message', 'tide');
    await eventually(8_000, () => {
      const failed = collector.spans.filter(({ kind, isError }) => kind === 'client' && isError);
      expect(failed.length).toBeGreaterThan(1);
      expect(failed[0]!.attributes['rpc.connect_rpc.error_code']).toBe('unavailable');
    });
  });

  it('are there with what is on its way when the process stops', async () => {
    const running = await start({ 'tracing.endpoint': collector.url, 'tracing.sample': '1' });
    await talk(running.socket, running.node.pushUrl, `00-${TRACE}-${PARENT}-01`);
    const { traceId } = await tracedMessage(running.node);
    await running.node.close();
    expectMessage(collector.ofTrace(traceId), SERVICES);
  });

  it('are dropped and counted when nobody takes them, and hold up nobody', async () => {
    collector.status = 400;
    const running = await start({ 'tracing.endpoint': collector.url, 'tracing.sample': '1' });
    await talk(running.socket, running.node.pushUrl, `00-${TRACE}-${PARENT}-01`);
    await eventually(5_000, async () => {
      expect(await running.node.metric('holdfast_spans_total', { outcome: 'dropped' })).toBeGreaterThan(8);
    });
    expect(running.node.process.output).toContain('spans were not taken; they are dropped');
  });

  it('are none while tracing is off', async () => {
    const running = await start({ 'tracing.sample': '1' });
    await talk(running.socket, running.node.pushUrl, `00-${TRACE}-${PARENT}-01`);
    expect((await tracedMessage(running.node)).traceparent).toMatch(/-01$/);
    expect(await running.node.metric('holdfast_spans_total')).toBe(0);
  });
});
