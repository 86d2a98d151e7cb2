import type { UpstreamRecord } from '../ports/upstream-log.ts';

/** Bytes of a waiting record's objects, and of whoever lines it up, beside its texts and attachments. */
const RECORD_BYTES = 512;
/** Query and headers of a handshake, which are not unpacked just to be measured. Servers bound them to a few KB. */
const HANDSHAKE_BYTES = 1024;

/** What a waiting record takes in memory, about: texts that clients choose the length of, and attachments. */
export function sizeOf(record: UpstreamRecord): number {
  switch (record.kind) {
    case 'message': {
      let bytes = RECORD_BYTES + record.event.length + record.body.args.length;
      for (const attachment of record.body.attachments) bytes += attachment.byteLength;
      return bytes;
    }
    case 'connect':
      return RECORD_BYTES + HANDSHAKE_BYTES + (record.auth?.length ?? 0);
    case 'disconnect':
      return RECORD_BYTES;
    default:
      return record satisfies never;
  }
}
