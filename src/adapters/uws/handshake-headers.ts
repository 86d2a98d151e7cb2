import type { HttpRequest } from 'uWebSockets.js';

/** Headers of the connection itself, or of the WebSocket handshake: nothing a backend can use. */
const HOP_BY_HOP = new Set([
  'connection',
  'upgrade',
  'keep-alive',
  'te',
  'trailer',
  'transfer-encoding',
  'content-length',
  'proxy-authorization',
  'proxy-connection',
  'sec-websocket-key',
  'sec-websocket-version',
  'sec-websocket-extensions',
]);

let lines = '';

/** Packs the request's headers as `Handshake.headers` wants them. The request object dies with its callback. */
export function packHeaders(request: HttpRequest): string {
  lines = '';
  request.forEach(append);
  const packed = lines;
  lines = '';
  return packed;
}

function append(name: string, value: string): void {
  if (HOP_BY_HOP.has(name)) return;
  lines += lines === '' ? `${name}: ${value}` : `\n${name}: ${value}`;
}
