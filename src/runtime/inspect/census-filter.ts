import { FLAVOURS, protocolName } from '../codec/flavour.ts';
import type { Connection } from '../connection/connection.ts';
import { HoldfastError } from '../errors/holdfast-error.ts';
import type { Socket } from '../socket/socket.ts';

/** What connections and their sockets can be told apart by. */
export interface ConnectionFilter {
  readonly transport?: string;
  readonly protocol?: string;
  readonly namespace?: string;
  readonly user?: string;
  readonly room?: string;
}

const TRANSPORTS: readonly string[] = ['polling', 'websocket'];
const PROTOCOLS: readonly string[] = [...new Set(FLAVOURS.map(protocolName))];

/** Throws `HoldfastError('invalid_argument')` for a filter that nothing can ever match. */
export function checkFilter({ transport, protocol, namespace, user, room }: ConnectionFilter): void {
  oneOf('transport', transport, TRANSPORTS);
  oneOf('protocol', protocol, PROTOCOLS);
  if (namespace !== undefined && !namespace.startsWith('/')) {
    throw invalid(`namespace: ${shown(namespace)} must begin with /`);
  }
  if (user === '') throw invalid('user: must not be empty; leave it out for everybody');
  if (room === '') throw invalid('room: must not be empty; leave it out for all rooms');
}

/** Throws `HoldfastError('invalid_argument')` for anything but one of the names, or nothing. */
export function oneOf(name: string, value: string | undefined, names: readonly string[]): void {
  if (value === undefined || names.includes(value)) return;
  throw invalid(`${name}: ${shown(value)} must be one of ${names.join(', ')}`);
}

export function concernsSockets({ namespace, user, room }: ConnectionFilter): boolean {
  return namespace !== undefined || user !== undefined || room !== undefined;
}

export function transportOf(connection: Connection): 'polling' | 'websocket' {
  return connection.webSocket === null ? 'polling' : 'websocket';
}

/** Whether the connection itself matches; its sockets are another question. */
export function matchesConnection(connection: Connection, filter: ConnectionFilter): boolean {
  return (
    (filter.transport === undefined || filter.transport === transportOf(connection)) &&
    (filter.protocol === undefined || filter.protocol === protocolName(connection.flavour))
  );
}

export function matchesSocket(socket: Socket, { namespace, user, room }: ConnectionFilter): boolean {
  return (
    (namespace === undefined || namespace === socket.namespace.name) &&
    (user === undefined || user === socket.user) &&
    (room === undefined || socket.isIn(room))
  );
}

/** All sockets of a connection, oldest first. */
export function socketsOf({ socket, moreSockets }: Connection): readonly Socket[] {
  if (socket === null) return [];
  return moreSockets === null ? [socket] : [socket, ...moreSockets];
}

function invalid(message: string): HoldfastError {
  return new HoldfastError('invalid_argument', message);
}

/** Of what was sent, as much as fits into a message. */
function shown(value: string): string {
  return JSON.stringify(value.slice(0, 60));
}
