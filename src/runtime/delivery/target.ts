/**
 * Who a delivery is for. A socket matches when it is named by any of the four; a socket named twice is one
 * match. A name nobody bears is not an error. Shape of `to` and `except` in the push API.
 */
export interface Target {
  /** Public socket ids: decimal Snowflakes. */
  readonly sockets: readonly string[];
  readonly users: readonly string[];
  readonly rooms: readonly string[];
  /** All sockets of the namespace. */
  readonly everyone: boolean;
}

export const NOBODY: Target = Object.freeze({ sockets: [], users: [], rooms: [], everyone: false });

export function isNobody(target: Target): boolean {
  return !target.everyone && target.sockets.length + target.users.length + target.rooms.length === 0;
}
