import type { Body } from '../../src/runtime/codec/body.ts';
import type { ConnectRecord, DisconnectRecord, MessageRecord } from '../../src/runtime/ports/upstream-log.ts';
import type { SocketDescription } from '../../src/runtime/socket-description.ts';

export const SOCKET: SocketDescription = {
  id: '7331',
  user: 'u1',
  namespace: '/',
  rooms: ['doc-1'],
  transport: 'websocket',
  address: '203.0.113.7',
  locale: 'en',
  authType: 'web',
  clientVersion: '4.8.1',
  protocol: 'socket.io/5',
};

export const TRACE_ID = '4bf92f3577b34da6a3ce929d0e0e4736';

let ids = 0;

function facts(socket: Partial<SocketDescription>) {
  const description = { ...SOCKET, ...socket };
  return {
    key: description.id,
    socket: description,
    home: 7,
    messageId: `${++ids}`,
    traceId: TRACE_ID,
    time: Date.UTC(2026, 0, 1),
  };
}

export function connectRecord(
  socket: Partial<SocketDescription> = {},
  auth: string | null = null,
): ConnectRecord {
  return { kind: 'connect', ...facts(socket), auth, query: { EIO: '4' }, headers: { host: 'h' } };
}

export function messageRecord(
  args: string,
  socket: Partial<SocketDescription> = {},
  ackId = -1,
  attachments: Body['attachments'] = [],
): MessageRecord {
  return { kind: 'message', ...facts(socket), event: 'message', body: { args, attachments }, ackId };
}

export function disconnectRecord(socket: Partial<SocketDescription> = {}): DisconnectRecord {
  return { kind: 'disconnect', ...facts(socket), reason: 'transport close' };
}
