import { create, type DescMessage, fromJson, type JsonValue } from '@bufbuild/protobuf';
import { type Value, ValueSchema } from '@bufbuild/protobuf/wkt';
import {
  type BatchResponse,
  BatchResponseSchema,
  type BatchResult as BatchResultMessage,
  BatchResultSchema,
  type CountSocketsResponse,
  CountSocketsResponseSchema,
  type DisconnectResponse,
  DisconnectResponseSchema,
  type EmitResponse,
  EmitResponseSchema,
  type JoinResponse,
  JoinResponseSchema,
  type LeaveResponse,
  LeaveResponseSchema,
  type ListSocketsResponse,
  ListSocketsResponseSchema,
} from '../../generated/holdfast/v1/push_pb.ts';
import { HoldfastError } from '../errors/holdfast-error.ts';
import type { BatchResult, ChangedResult, CommandResult, PushResult } from './push-result.ts';

export type ResponseMessage =
  | EmitResponse
  | JoinResponse
  | LeaveResponse
  | DisconnectResponse
  | ListSocketsResponse
  | CountSocketsResponse
  | BatchResponse;

/** The message of each response, by its name. */
export const RESPONSE_SCHEMAS = {
  'holdfast.v1.EmitResponse': EmitResponseSchema,
  'holdfast.v1.JoinResponse': JoinResponseSchema,
  'holdfast.v1.LeaveResponse': LeaveResponseSchema,
  'holdfast.v1.DisconnectResponse': DisconnectResponseSchema,
  'holdfast.v1.ListSocketsResponse': ListSocketsResponseSchema,
  'holdfast.v1.CountSocketsResponse': CountSocketsResponseSchema,
  'holdfast.v1.BatchResponse': BatchResponseSchema,
} as const satisfies Record<ResponseMessage['$typeName'], DescMessage>;

/** The message of a result, for Protobuf-ES to encode. */
export function writePushMessage(result: PushResult): ResponseMessage {
  switch (result.kind) {
    case 'accepted':
    case 'answered':
    case 'acknowledged':
      return emitResponse(result);
    case 'changed':
      return changedResponse(result);
    case 'listed':
      return create(ListSocketsResponseSchema, {
        sockets: result.sockets.map((socket) => ({ ...socket, rooms: [...socket.rooms] })),
        nextPageToken: result.nextPageToken,
      });
    case 'counted':
      return create(CountSocketsResponseSchema, { sockets: result.sockets, users: result.users });
    case 'batch':
      return create(BatchResponseSchema, { results: result.results.map(itemResult) });
  }
}

/** The arguments of a body as messages. */
export function valuesOfArgs(args: string): Value[] {
  return (JSON.parse(args) as JsonValue[]).map((value) =>
    fromJson(ValueSchema, value, { recursionLimit: 1_000 }),
  );
}

function emitResponse(result: Exclude<CommandResult, ChangedResult>): EmitResponse {
  switch (result.kind) {
    case 'accepted':
      return create(EmitResponseSchema, { messageId: result.messageId });
    case 'answered':
      return create(EmitResponseSchema, {
        messageId: result.messageId,
        acks: result.answers.map(({ socket, body }) => ({
          socket,
          args: valuesOfArgs(body.args),
          attachments: [...body.attachments],
        })),
        missing: [...result.missing],
      });
    case 'acknowledged':
      return create(EmitResponseSchema, {
        messageId: result.messageId,
        acked: result.acked,
        expected: result.expected,
      });
  }
}

function changedResponse({
  method,
  sockets,
}: ChangedResult): JoinResponse | LeaveResponse | DisconnectResponse {
  switch (method) {
    case 'Join':
      return create(JoinResponseSchema, { sockets });
    case 'Leave':
      return create(LeaveResponseSchema, { sockets });
    case 'Disconnect':
      return create(DisconnectResponseSchema, { sockets });
  }
}

function itemResult(item: BatchResult['results'][number]): BatchResultMessage {
  if (item instanceof HoldfastError) {
    return create(BatchResultSchema, {
      kind: { case: 'error', value: { code: item.code, message: item.message } },
    });
  }
  if (item.kind !== 'changed') {
    return create(BatchResultSchema, { kind: { case: 'emit', value: emitResponse(item) } });
  }
  const value = { sockets: item.sockets };
  switch (item.method) {
    case 'Join':
      return create(BatchResultSchema, { kind: { case: 'join', value } });
    case 'Leave':
      return create(BatchResultSchema, { kind: { case: 'leave', value } });
    case 'Disconnect':
      return create(BatchResultSchema, { kind: { case: 'disconnect', value } });
  }
}
