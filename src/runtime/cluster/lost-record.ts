import type { DisconnectRecord } from '../ports/upstream-log.ts';
import type { SocketDescription } from '../socket-description.ts';

/** Reason of an `OnDisconnect` that the node itself could not send. */
export const NODE_LOST = 'node lost';

/**
 * The end of a socket whose node died. Its message id is the socket's own, as that of every end: whoever says it again
 * says it under the same.
 */
export function lostRecord(socket: SocketDescription, node: number, time: number): DisconnectRecord {
  return {
    kind: 'disconnect',
    key: socket.id,
    home: node,
    socket,
    messageId: socket.id,
    traceId: BigInt(socket.id).toString(16).padStart(32, '0'),
    time,
    reason: NODE_LOST,
  };
}
