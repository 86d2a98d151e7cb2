import { create } from '@bufbuild/protobuf';
import { Code, ConnectError, type ConnectRouter, type HandlerContext } from '@connectrpc/connect';
import {
  type Answer,
  EventService,
  type SubscribeRequest,
  type SubscribeResponse,
  SubscribeResponseSchema,
} from '../../generated/holdfast/v1/events_pb.ts';
import type { AnswerReader } from '../../runtime/backend/answer-reader.ts';
import type { EventSubscribers } from '../../runtime/backend/event-subscribers.ts';
import { connectMessage, disconnectMessage, messageMessage } from '../../runtime/backend/record-message.ts';
import { ERROR_CODES, type ErrorCode, HoldfastError } from '../../runtime/errors/holdfast-error.ts';
import type { Log } from '../../runtime/ports/log.ts';
import type { UpstreamRecord } from '../../runtime/ports/upstream-log.ts';
import type { PushEndpoint } from '../../runtime/push/push-endpoint.ts';
import { traceparentOf } from '../../runtime/trail.ts';
import { connectErrorOf } from './connect-error.ts';
import { Outbox } from './outbox.ts';

const DEFAULT_IN_FLIGHT = 64;
const MAX_IN_FLIGHT = 4_096;

export interface EventRoutesOptions {
  readonly endpoint: PushEndpoint;
  readonly subscribers: EventSubscribers;
  readonly reader: AnswerReader;
  readonly log: Log;
  /** Ends every stream. */
  readonly stopping: AbortSignal;
}

/** `EventService` for Connect's router: the stream's messages ↔ `EventSubscribers`. */
export function eventRoutes(router: ConnectRouter, options: EventRoutesOptions): void {
  router.service(EventService, {
    subscribe: (requests, context) => subscribe(requests, context, options),
  });
}

async function* subscribe(
  requests: AsyncIterable<SubscribeRequest>,
  context: HandlerContext,
  options: EventRoutesOptions,
): AsyncGenerator<SubscribeResponse> {
  const { endpoint, subscribers, log, stopping } = options;
  const token = authenticate(endpoint, context);
  const incoming = requests[Symbol.asyncIterator]();
  const maxInFlight = windowOf(await incoming.next());
  const outbox = new Outbox<SubscribeResponse>();
  const subscriber = subscribers.subscribe(maxInFlight, (record, traceparent) =>
    outbox.put(responseOf(record, traceparent)),
  );
  const leave = () => {
    subscribers.leave(subscriber);
    outbox.end();
  };
  const stop = () => {
    subscribers.leave(subscriber);
    outbox.fail(new ConnectError('this node is shutting down', Code.Unavailable));
  };
  context.signal.addEventListener('abort', leave, { once: true });
  stopping.addEventListener('abort', stop, { once: true });
  if (context.signal.aborted) leave();
  if (stopping.aborted) stop();
  void readAnswers(incoming, options).then(leave, (error: unknown) => {
    subscribers.leave(subscriber);
    outbox.fail(connectErrorOf(error));
  });
  log.info({ pushedBy: token, maxInFlight }, 'subscriber came');
  try {
    yield* outbox;
  } finally {
    leave();
    stopping.removeEventListener('abort', stop);
    log.info({ pushedBy: token }, 'subscriber left');
  }
}

function authenticate(endpoint: PushEndpoint, { requestHeader }: HandlerContext): string {
  try {
    return endpoint.authenticate(requestHeader.get('authorization') ?? '').token;
  } catch (error) {
    throw connectErrorOf(error);
  }
}

function windowOf({ value, done }: IteratorResult<SubscribeRequest>): number {
  const kind = done ? undefined : (value as SubscribeRequest).kind;
  if (kind?.case !== 'start') throw new ConnectError('the first message must be start', Code.InvalidArgument);
  const { maxInFlight } = kind.value;
  if (maxInFlight < 0)
    throw new ConnectError('start.maxInFlight: must not be negative', Code.InvalidArgument);
  return maxInFlight === 0 ? DEFAULT_IN_FLIGHT : Math.min(maxInFlight, MAX_IN_FLIGHT);
}

async function readAnswers(
  incoming: AsyncIterator<SubscribeRequest>,
  options: EventRoutesOptions,
): Promise<void> {
  for (;;) {
    const { value, done } = await incoming.next();
    if (done === true) return;
    const { kind } = value;
    if (kind.case !== 'answer') {
      throw new HoldfastError('invalid_argument', 'after start, every message must be an answer');
    }
    take(kind.value, options);
  }
}

function take(
  { messageId, ack, actions, error }: Answer,
  { subscribers, reader, log }: EventRoutesOptions,
): void {
  const record = subscribers.find(messageId);
  if (record === null) {
    log.debug({ messageId }, 'answer to an event that is not waited for');
  } else if (error !== undefined) {
    const code: ErrorCode = Object.hasOwn(ERROR_CODES, error.code) ? (error.code as ErrorCode) : 'unknown';
    subscribers.failed(messageId, new HoldfastError(code, error.message));
  } else {
    subscribers.answered(messageId, reader.readMessage(ack, actions, record));
  }
}

/** @param traceparent of the call, where it is traced; whoever is called may decide where nobody has */
function responseOf(record: UpstreamRecord, traceparent = traceparentOf(record.traceId)): SubscribeResponse {
  return create(SubscribeResponseSchema, { event: eventOf(record), traceparent });
}

function eventOf(record: UpstreamRecord): SubscribeResponse['event'] {
  switch (record.kind) {
    case 'connect':
      return { case: 'connect', value: connectMessage(record) };
    case 'message':
      return { case: 'message', value: messageMessage(record) };
    case 'disconnect':
      return { case: 'disconnect', value: disconnectMessage(record) };
  }
}
