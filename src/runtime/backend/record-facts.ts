import type { UpstreamRecord } from '../ports/upstream-log.ts';

/** What log lines about a record say of it. No body, no header. */
export function recordFacts({ kind, messageId, traceId, key }: UpstreamRecord): object {
  return { kind, messageId, traceId, socket: key };
}
