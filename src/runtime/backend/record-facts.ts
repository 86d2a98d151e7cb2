import type { UpstreamRecord } from '../ports/upstream-log.ts';

/** What log lines about a record say of it. No body, no header. */
export function recordFacts(record: UpstreamRecord): object {
  const { kind, messageId, traceId, key, socket, home } = record;
  const facts: Record<string, unknown> = { kind, messageId, traceId, socket: key, home };
  if (socket.user !== '') facts.user = socket.user;
  if (kind === 'message') facts.event = record.event;
  if (kind === 'disconnect') facts.reason = record.reason;
  return facts;
}
