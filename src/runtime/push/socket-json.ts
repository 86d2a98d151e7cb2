import type { SocketDescription } from '../socket-description.ts';

/** `holdfast.v1.Socket` in its JSON form, with every field. */
export function socketToJson(socket: SocketDescription): string {
  const rooms = socket.rooms.length === 0 ? '[]' : JSON.stringify(socket.rooms);
  return (
    `{"id":"${socket.id}","user":${JSON.stringify(socket.user)},"namespace":${JSON.stringify(socket.namespace)},` +
    `"rooms":${rooms},"transport":"${socket.transport}","address":${JSON.stringify(socket.address)},` +
    `"locale":${JSON.stringify(socket.locale)},"authType":${JSON.stringify(socket.authType)},` +
    `"clientVersion":${JSON.stringify(socket.clientVersion)},"protocol":"${socket.protocol}"}`
  );
}
