/** The transport's own parameters in the query of an Engine.IO request. */
export interface EngineQuery {
  /** Engine.IO revision: 4, 3 (also when absent), or 0 when it is anything else. */
  eio: 0 | 3 | 4;
  transport: 'polling' | 'websocket' | 'unknown';
  sid: string;
  base64: boolean;
  /** JSONP callback number as sent; empty when absent. */
  jsonp: string;
}

/** The first value of a name counts. Names and values that the protocol does not know stay uninterpreted. */
export function parseEngineQuery(query: string): EngineQuery {
  const parsed: EngineQuery = { eio: 3, transport: 'unknown', sid: '', base64: false, jsonp: '' };
  let seen = 0;
  let start = 0;
  while (start < query.length) {
    let end = query.indexOf('&', start);
    if (end < 0) end = query.length;
    const equals = query.indexOf('=', start);
    if (equals >= 0 && equals < end) seen = assign(parsed, query, start, equals, end, seen);
    start = end + 1;
  }
  return parsed;
}

const EIO = 1;
const TRANSPORT = 2;
const SID = 4;

function assign(
  parsed: EngineQuery,
  query: string,
  start: number,
  equals: number,
  end: number,
  seen: number,
) {
  switch (query.slice(start, equals)) {
    case 'EIO':
      if ((seen & EIO) === 0) parsed.eio = revision(query.slice(equals + 1, end));
      return seen | EIO;
    case 'transport':
      if ((seen & TRANSPORT) === 0) {
        const value = query.slice(equals + 1, end);
        parsed.transport = value === 'polling' || value === 'websocket' ? value : 'unknown';
      }
      return seen | TRANSPORT;
    case 'sid':
      if ((seen & SID) === 0) parsed.sid = query.slice(equals + 1, end);
      return seen | SID;
    case 'b64':
      parsed.base64 = query.slice(equals + 1, end) !== '';
      return seen;
    case 'j':
      parsed.jsonp = query.slice(equals + 1, end);
      return seen;
    default:
      return seen;
  }
}

function revision(value: string): 0 | 3 | 4 {
  if (value === '4') return 4;
  return value === '3' ? 3 : 0;
}
