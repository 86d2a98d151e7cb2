/**
 * Every way a connection or a socket can end, in Socket.IO's words where it has one.
 *
 * This table is the one place where a reason gets its WebSocket close code, and where it is said whether a
 * stock client comes back by itself. It is also the label of `holdfast_disconnects_total{reason}`.
 *
 * - `code`: WebSocket close code (RFC 6455 §7.4). 1000–1015 are the standard's; 4000–4099 are ours.
 * - `initiator`: whose decision it was.
 * - `reconnects`: what a stock Socket.IO client does after it. `DISCONNECT` packets stop it, closed transports do not;
 *   so one goes first where coming back by itself would be wrong, as after `session limit`.
 */
export const CLOSE_REASONS = {
  'transport close': { code: 1000, initiator: 'client', reconnects: true },
  'transport error': { code: 1002, initiator: 'client', reconnects: true },
  'ping timeout': { code: 1001, initiator: 'server', reconnects: true },
  'parse error': { code: 1007, initiator: 'server', reconnects: true },
  'client namespace disconnect': { code: 1000, initiator: 'client', reconnects: false },
  'server namespace disconnect': { code: 1000, initiator: 'server', reconnects: false },
  'forced server close': { code: 1000, initiator: 'server', reconnects: false },
  'server shutting down': { code: 1001, initiator: 'server', reconnects: true },
  'connect timeout': { code: 4001, initiator: 'server', reconnects: true },
  'authentication failed': { code: 4003, initiator: 'server', reconnects: true },
  'token expired': { code: 4004, initiator: 'server', reconnects: true },
  'session limit': { code: 4005, initiator: 'server', reconnects: false },
  'rate limit': { code: 4006, initiator: 'server', reconnects: true },
  'slow consumer': { code: 4007, initiator: 'server', reconnects: true },
  'payload too large': { code: 1009, initiator: 'server', reconnects: true },
  'internal error': { code: 1011, initiator: 'server', reconnects: true },
} as const satisfies Record<string, CloseReasonEntry>;

export interface CloseReasonEntry {
  readonly code: number;
  readonly initiator: 'client' | 'server';
  readonly reconnects: boolean;
}

export type CloseReason = keyof typeof CLOSE_REASONS;
