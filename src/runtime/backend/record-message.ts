import { create, fromJson, type JsonValue, type MessageInitShape } from '@bufbuild/protobuf';
import { timestampFromMs, type Value, ValueSchema } from '@bufbuild/protobuf/wkt';
import {
  type OnAuthenticateRequest,
  OnAuthenticateRequestSchema,
  type OnConnectRequest,
  OnConnectRequestSchema,
  type OnDisconnectRequest,
  OnDisconnectRequestSchema,
  type OnMessageRequest,
  OnMessageRequestSchema,
} from '../../generated/holdfast/v1/backend_pb.ts';
import type { SocketSchema } from '../../generated/holdfast/v1/common_pb.ts';
import type { AuthenticationQuestion } from '../ports/backend.ts';
import type {
  ConnectRecord,
  DisconnectRecord,
  MessageRecord,
  UpstreamRecord,
} from '../ports/upstream-log.ts';
import { valuesOfArgs } from '../push/write-message.ts';

export function connectMessage(record: ConnectRecord): OnConnectRequest {
  return create(OnConnectRequestSchema, {
    ...head(record),
    auth: jsonValue(record.auth),
    query: { ...record.query },
    headers: { ...record.headers },
  });
}

export function messageMessage(record: MessageRecord): OnMessageRequest {
  return create(OnMessageRequestSchema, {
    ...head(record),
    event: record.event,
    args: valuesOfArgs(record.body.args),
    attachments: [...record.body.attachments],
    wantsAck: record.ackId >= 0,
  });
}

export function disconnectMessage(record: DisconnectRecord): OnDisconnectRequest {
  return create(OnDisconnectRequestSchema, { ...head(record), reason: record.reason });
}

export function questionMessage({
  attempt,
  messageId,
  traceId,
  time,
}: AuthenticationQuestion): OnAuthenticateRequest {
  return create(OnAuthenticateRequestSchema, {
    socket: { id: attempt.socket, namespace: attempt.namespace, address: attempt.address },
    messageId,
    traceId,
    time: timestampFromMs(time),
    auth: jsonValue(attempt.auth),
    query: { ...attempt.query },
    headers: { ...attempt.headers },
    token: attempt.token,
  });
}

function head({ socket, messageId, traceId, time }: UpstreamRecord) {
  const { rooms, ...rest } = socket;
  const description: MessageInitShape<typeof SocketSchema> = { ...rest, rooms: [...rooms] };
  return { socket: description, messageId, traceId, time: timestampFromMs(time) };
}

function jsonValue(text: string | null): Value {
  return fromJson(ValueSchema, JSON.parse(text ?? 'null') as JsonValue, { recursionLimit: 1_000 });
}
