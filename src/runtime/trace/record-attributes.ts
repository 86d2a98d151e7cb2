import type { UpstreamRecord } from '../ports/upstream-log.ts';

/** Names of logs and mailboxes in spans, whatever carries them. */
export const UPSTREAM = 'ws.upstream';
export const DOWNSTREAM = 'ws.downstream';
export const MAILBOX = 'holdfast.mailbox';

/** The span of sending a record, in the record's `traceparent`. */
export function upstreamSpanId(traceId: string): string {
  return traceId.slice(16);
}

/** What spans about a record say of it. No body, no header. */
export function recordAttributes(record: UpstreamRecord): Record<string, string | number> {
  const { socket, kind } = record;
  const attributes: Record<string, string | number> = {
    'holdfast.socket.id': socket.id,
    'holdfast.namespace': socket.namespace,
    'holdfast.protocol': socket.protocol,
    'holdfast.transport': socket.transport,
  };
  if (socket.user !== '') attributes['user.id'] = socket.user;
  if (kind === 'message') attributes['holdfast.event'] = record.event;
  if (kind === 'disconnect') attributes['holdfast.reason'] = record.reason;
  return attributes;
}
