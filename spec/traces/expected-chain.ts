import { expect } from 'vitest';
import type { CollectedSpan } from '../support/trace-collector.ts';

/** Who says what, where the roles may be processes of their own. */
export interface Services {
  readonly gateway: string;
  readonly api: string;
  /** `messaging.system`. */
  readonly system: string;
}

/** `kind name` of each span below `root`, one below the other; siblings by their start. */
export function treeOf(spans: readonly CollectedSpan[], root = ''): string {
  const below = (parent: string, depth: number): string[] =>
    spans
      .filter(({ parentSpanId }) => parentSpanId === parent)
      .sort((a, b) => a.start - b.start)
      .flatMap(({ spanId, service, kind, name }) => [
        `${'  '.repeat(depth)}${service}: ${kind} ${name}`,
        ...below(spanId, depth + 1),
      ]);
  return below(root, 0).join('\n');
}

/** A client's message that the backend acknowledges. */
export function expectMessage(spans: readonly CollectedSpan[], { gateway, api, system }: Services): void {
  expect(treeOf(spans)).toBe(
    [
      `${gateway}: server client message`,
      `  ${gateway}: producer send ws.upstream`,
      `    ${api}: consumer process ws.upstream`,
      `      ${api}: client holdfast.v1.BackendService/OnMessage`,
      `      ${api}: producer send holdfast.mailbox`,
      `        ${gateway}: consumer process holdfast.mailbox`,
    ].join('\n'),
  );
  const [root, sent, processed, called, answered, delivered] = [
    'client message',
    'send ws.upstream',
    'process ws.upstream',
    'holdfast.v1.BackendService/OnMessage',
    'send holdfast.mailbox',
    'process holdfast.mailbox',
  ].map((name) => spans.find((span) => span.name === name)!) as [
    CollectedSpan,
    CollectedSpan,
    CollectedSpan,
    CollectedSpan,
    CollectedSpan,
    CollectedSpan,
  ];
  expect(root.attributes).toMatchObject({
    'holdfast.event': 'message-with-ack',
    'holdfast.namespace': '/',
    'holdfast.transport': 'websocket',
    'user.id': 'ann',
    'holdfast.node': expect.any(Number),
  });
  const messaging = (operation: string, destination: string) => ({
    'messaging.system': system,
    'messaging.operation.name': operation,
    'messaging.operation.type': operation,
    'messaging.destination.name': destination,
  });
  expect(sent.attributes).toMatchObject(messaging('send', 'ws.upstream'));
  expect(processed.attributes).toMatchObject(messaging('process', 'ws.upstream'));
  expect(processed.attributes['messaging.message.id']).toBe(sent.attributes['messaging.message.id']);
  expect(called.attributes).toMatchObject({
    'rpc.system': 'connect_rpc',
    'rpc.service': 'holdfast.v1.BackendService',
    'rpc.method': 'OnMessage',
  });
  expect(answered.attributes).toMatchObject({
    ...messaging('send', 'holdfast.mailbox'),
    'holdfast.command': 'acknowledge',
  });
  expect(delivered.attributes).toMatchObject(messaging('process', 'holdfast.mailbox'));
  expect(spans.filter(({ isError }) => isError)).toEqual([]);
  // All of it is on one machine: what is later in the chain begins later.
  const starts = [root, processed, called, answered, delivered].map(({ start }) => start);
  expect([...starts].sort((a, b) => a - b)).toEqual(starts);
  for (const { start, end } of spans) expect(end).toBeGreaterThanOrEqual(start);
}

/** A push with a `traceparent` of its own, whose span is `parent`. */
export function expectPush(
  spans: readonly CollectedSpan[],
  parent: string,
  { gateway, api, system }: Services,
): void {
  const request = spans.find(({ parentSpanId }) => parentSpanId === parent)!;
  expect(treeOf(spans, parent)).toBe(
    [
      `${api}: server holdfast.v1.PushService/Emit`,
      `  ${api}: producer send holdfast.mailbox`,
      `    ${gateway}: consumer process holdfast.mailbox`,
    ].join('\n'),
  );
  expect(request.attributes).toMatchObject({
    'rpc.system': 'connect_rpc',
    'rpc.service': 'holdfast.v1.PushService',
    'rpc.method': 'Emit',
  });
  const written = spans.find(({ kind }) => kind === 'consumer')!;
  expect(written.attributes).toMatchObject({ 'messaging.system': system, 'holdfast.event': 'news' });
}
