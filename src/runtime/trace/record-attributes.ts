import type { UpstreamRecord } from '../ports/upstream-log.ts';

/** Name of the upstream log in spans, whatever carries it. */
export const UPSTREAM = 'ws.upstream';
/** And of the mailboxes of nodes. */
export const MAILBOX = 'holdfast.mailbox';

/** The span of sending a record, in the record's `traceparent`. */
export function upstreamSpanId(traceId: string): string {
  return traceId.slice(16);
}

/** What spans about a record say of it. No body, no header. */
export function recordAttributes(record: UpstreamRecord): Record<string, string | number> {
  const { socket, kind } = record;
  return {
    'holdfast.socket.id': socket.id,
    'holdfast.namespace': socket.namespace,
    'holdfast.protocol': socket.protocol,
    'holdfast.transport': socket.transport,
    ...(socket.user === '' ? {} : { 'user.id': socket.user }),
    ...(kind === 'message' ? { 'holdfast.event': record.event } : {}),
    ...(kind === 'disconnect' ? { 'holdfast.reason': record.reason } : {}),
  };
}
