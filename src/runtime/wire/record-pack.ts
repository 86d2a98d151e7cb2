import { Packr } from 'msgpackr';
import type { UpstreamRecord } from '../ports/upstream-log.ts';

const packr = new Packr({ useRecords: false, int64AsType: 'number' });

/**
 * A record as one MessagePack value, for buses that have no headers of their own.
 *
 * @param logged when it is handed to the bus, ms since 1970
 */
export function packRecord(record: UpstreamRecord, logged: number): Uint8Array {
  const { key, socket, home, messageId, traceId, time } = record;
  switch (record.kind) {
    case 'connect': {
      const { kind, auth, query, headers } = record;
      return packr.pack({ kind, key, socket, home, messageId, traceId, time, logged, auth, query, headers });
    }
    case 'message': {
      const { kind, event, body, ackId } = record;
      return packr.pack({ kind, key, socket, home, messageId, traceId, time, logged, event, body, ackId });
    }
    case 'disconnect': {
      const { kind, reason } = record;
      return packr.pack({ kind, key, socket, home, messageId, traceId, time, logged, reason });
    }
    default:
      return record satisfies never;
  }
}

/** Null for what is no record of this version. */
export function unpackRecord(bytes: Uint8Array): UpstreamRecord | null {
  try {
    const record = packr.unpack(bytes) as UpstreamRecord;
    return RECORD_KINDS.has(record?.kind) && typeof record.key === 'string' ? record : null;
  } catch {
    return null;
  }
}

const RECORD_KINDS: ReadonlySet<unknown> = new Set(['connect', 'message', 'disconnect']);
