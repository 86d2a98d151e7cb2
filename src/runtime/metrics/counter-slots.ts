import { CLOSE_REASONS, type CloseReason } from '../../machines/close-reason.ts';
import { ERROR_CODES, type ErrorCode } from '../errors/holdfast-error.ts';
import { type BackendMethod, RECORD_METHODS } from '../ports/backend-method.ts';
import { PUSH_METHODS } from '../ports/push-method.ts';
import { SlotLayout } from './slot-layout.ts';

/** Why a message did not reach the one it was for. Nothing is dropped without being counted here. */
export const DROP_REASONS = [
  /** A volatile message whose transport could not take it at that moment. */
  'volatile',
  /** Was waiting for a client that was closed as too slow. */
  'slow consumer',
  /** Was waiting for a client whose connection ended. */
  'closed',
  /** The client sent more than its limit. */
  'rate limit',
  /** For a namespace that the connection is not in (any more). */
  'no namespace',
  /** The clock was set back so far that no record of it could get an id. */
  'no id',
  /** No room left among the records that wait for the backend, of this socket or in all. */
  'backend queue',
  /** The backend did not take it within `backend.retry.deadline`. */
  'backend deadline',
  /** The backend answered with an error that trying again does not change. */
  'backend refused',
  /** Not something that can be delivered: a malformed answer or command. */
  'invalid',
  /** Written behind the farewell of its socket, by a node that was given up for dead. */
  'node lost',
] as const;
export type DropReason = (typeof DROP_REASONS)[number];

/** Why a request of a client was refused: mostly handshakes, but also polls and posts that do not fit a session. */
export const REFUSAL_REASONS = [
  'bad request',
  'origin',
  'address limit',
  'payload too large',
  /** Of sessions that are over, or of another node. Many come after a restart. */
  'unknown session',
  'unauthorized',
  'draining',
  'internal error',
] as const;
export type RefusalReason = (typeof REFUSAL_REASONS)[number];

const BACKEND_METHODS: readonly BackendMethod[] = ['OnAuthenticate', ...Object.values(RECORD_METHODS)];

const closeReasons = Object.keys(CLOSE_REASONS) as CloseReason[];
const codes: readonly (ErrorCode | 'ok')[] = ['ok', ...(Object.keys(ERROR_CODES) as ErrorCode[])];

const layout = new SlotLayout();

/** Where each counter lies in `Counters.values`. */
export const COUNTER = Object.freeze({
  connects: layout.one('holdfast_connects_total', 'Connections opened.'),
  disconnects: layout.per(
    'holdfast_disconnects_total',
    'Connections closed, by reason.',
    'reason',
    closeReasons,
  ),
  refusals: layout.per(
    'holdfast_refusals_total',
    'Requests of clients refused, by reason.',
    'reason',
    REFUSAL_REASONS,
  ),
  upgrades: layout.per(
    'holdfast_upgrades_total',
    'Upgrades from polling to WebSocket, by outcome.',
    'outcome',
    ['done', 'failed'],
  ),
  messagesReceived: layout.one('holdfast_messages_received_total', 'Messages received from clients.'),
  messagesSent: layout.one('holdfast_messages_sent_total', 'Messages written to clients, one per receiver.'),
  messagesDropped: layout.per(
    'holdfast_messages_dropped_total',
    'Messages that did not reach the one they were for, by reason.',
    'reason',
    DROP_REASONS,
  ),
  bytesReceived: layout.one('holdfast_bytes_received_total', 'Payload bytes received from clients.'),
  bytesSent: layout.one('holdfast_bytes_sent_total', 'Payload bytes written to clients.'),
  acks: layout.per('holdfast_acks_total', 'Acknowledgements asked of clients, by outcome.', 'outcome', [
    'answered',
    'missing',
  ]),
  heartbeatsMissed: layout.one('holdfast_heartbeats_missed_total', 'Heartbeats that stayed unanswered.'),
  socketsLost: layout.one(
    'holdfast_sockets_lost_total',
    'Sockets of nodes that died, or that Redis forgot, for which this node said the farewell.',
  ),
  lettersLost: layout.one(
    'holdfast_mailbox_gaps_total',
    'Times letters of other nodes to this one may have been lost.',
  ),
  handovers: layout.per(
    'holdfast_handovers_total',
    'Sessions that moved between gateways when their client opened a WebSocket elsewhere, by outcome.',
    'outcome',
    ['arrived', 'departed', 'failed'],
  ),
  leases: layout.per(
    'holdfast_lease_events_total',
    'What became of the lease on the node number, by event: in doubt, sure again, lost for good.',
    'event',
    ['suspended', 'resumed', 'lost'],
  ),
  redisErrors: layout.per('holdfast_redis_errors_total', 'Redis commands that failed, by code.', 'code', [
    'unavailable',
    'deadline_exceeded',
  ]),
  kafkaProduceErrors: layout.one(
    'holdfast_kafka_produce_errors_total',
    'Batches that Kafka did not accept; most are sent again.',
  ),
  kafkaConsumers: layout.per(
    'holdfast_kafka_consumer_events_total',
    'Times a consumer joined its group (one for each rebalance), and times one had ended and was replaced.',
    'event',
    ['joined', 'replaced'],
  ),
  deadLetters: layout.one(
    'holdfast_dead_letters_total',
    'Records of ws.downstream that could not be delivered and went to ws.downstream.dlq.',
  ),
  stallsForgiven: layout.one(
    'holdfast_stalls_forgiven_total',
    'Times deadlines were extended because this process itself had stood still.',
  ),
  internalErrors: layout.one(
    'holdfast_internal_errors_total',
    'Failures of our own while handling one connection, or one letter of another node.',
  ),
  authentications: layout.per('holdfast_authentications_total', 'Authentications, by outcome.', 'outcome', [
    'accepted',
    'refused',
    'failed',
  ]),
  pushRequests: layout.grid(
    'holdfast_push_requests_total',
    'Requests of the push API.',
    ['method', 'code'],
    PUSH_METHODS,
    codes,
  ),
  backendCalls: layout.grid(
    'holdfast_backend_calls_total',
    'Calls of the backend, retries included.',
    ['method', 'code'],
    BACKEND_METHODS,
    codes,
  ),
  backendRetries: layout.one('holdfast_backend_retries_total', 'Calls of the backend that were made again.'),
  backendBreakerOpened: layout.one(
    'holdfast_backend_breaker_opened_total',
    'Times the circuit breaker stopped calls of the backend.',
  ),
  spans: layout.per('holdfast_spans_total', 'Spans of traces, by outcome.', 'outcome', [
    'exported',
    'dropped',
  ]),
  logLinesHeldBack: layout.one(
    'holdfast_log_lines_held_back_total',
    'Repeated log lines that were not written.',
  ),
});

export const COUNTER_FAMILIES = layout.families as readonly (typeof layout.families)[number][];
export const COUNTER_SLOTS: number = layout.size;
