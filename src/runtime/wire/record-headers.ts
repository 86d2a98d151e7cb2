import type { UpstreamRecord } from '../ports/upstream-log.ts';
import type { Stage } from '../trail.ts';

export type Headers = Record<string, string>;

/** Longest value, bytes: addresses and names of clients are theirs to choose. */
const MAX_VALUE = 4_096;
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is taken out
const CONTROL = /[\u0000-\u001f\u007f]/g;

/**
 * A record's headers: everything but the event and its arguments, so that nobody needs to decode a value to know where
 * it belongs. Only names listed here are written; what clients sent is cut to size and freed of control characters.
 */
export function recordHeaders(record: UpstreamRecord, version: string, isSampled = true): Headers {
  const { socket, messageId, traceId, time, home, kind } = record;
  const headers: Headers = {
    'X-ID': socket.id,
    'X-Event': EVENTS[kind],
    'X-Server-Version': version,
    'X-Trace-ID': traceId,
    traceparent: `00-${traceId}-${traceId.slice(16)}-${isSampled ? '01' : '00'}`,
    'X-Time-Gateway': textOf(time),
    'X-Namespace': clean(socket.namespace),
    'X-Transport': socket.transport,
    'X-Address': clean(socket.address),
    'X-Protocol': socket.protocol,
    'X-Message-ID': messageId,
    'X-Node': String(home),
  };
  // What is empty is left out: each header costs more than a message's arguments.
  if (socket.user !== '') headers['X-Uid'] = clean(socket.user);
  // Names of rooms come from backends, and JSON cut short would be none.
  if (socket.rooms.length > 0) headers['X-Guid'] = JSON.stringify(socket.rooms);
  if (socket.locale !== '') headers['X-Locale'] = clean(socket.locale);
  if (socket.authType !== '') headers['X-Auth-Type'] = clean(socket.authType);
  if (socket.clientVersion !== '') headers['X-Client-Version'] = clean(socket.clientVersion);
  if (kind === 'message' && record.ackId >= 0) headers['X-Ack-ID'] = String(record.ackId);
  if (kind === 'connect') {
    headers['X-Query'] = JSON.stringify(record.query);
    headers['X-Headers'] = JSON.stringify(record.headers);
  }
  return headers;
}

/** `X-Time-<stage>`: when a record came to each stage of its way, ms since 1970. */
export const TIME_HEADERS = {
  gateway: 'X-Time-Gateway',
  log: 'X-Time-Log',
  api: 'X-Time-Api',
  backend: 'X-Time-Backend',
} as const satisfies Partial<Record<Stage, string>>;

export const EVENTS = {
  connect: 'Connect',
  message: 'Message',
  disconnect: 'Disconnect',
} as const satisfies Record<UpstreamRecord['kind'], string>;

let lastTime = 0;
let lastText = '0';

/** Many records come in the same millisecond. */
function textOf(time: number): string {
  if (time !== lastTime) {
    lastTime = time;
    lastText = String(time);
  }
  return lastText;
}

function clean(value: string): string {
  const text = CONTROL.test(value) ? value.replace(CONTROL, '') : value;
  if (text.length * 3 <= MAX_VALUE || Buffer.byteLength(text) <= MAX_VALUE) return text;
  return Buffer.from(text)
    .subarray(0, MAX_VALUE)
    .toString()
    .replace(/\ufffd+$/, '');
}
