import type { CloseReason } from '../../machines/close-reason.ts';
import type { ConnectionEvent } from '../../machines/connection-vocabulary.ts';

/** Reasons that an operator may close a connection for, and what its machine is told. */
export const OPERATOR_REASONS = {
  'forced server close': 'CLOSE_REQUESTED',
  'server shutting down': 'SERVER_SHUTTING_DOWN',
  'token expired': 'TOKEN_EXPIRED',
  'session limit': 'SESSION_LIMIT_EXCEEDED',
  'rate limit': 'RATE_LIMIT_EXCEEDED',
  'slow consumer': 'CONSUMER_FELL_BEHIND',
} as const satisfies Partial<Record<CloseReason, ConnectionEvent>>;

export type OperatorReason = keyof typeof OPERATOR_REASONS;
