import { type DescMessage, type MessageShape, toJson } from '@bufbuild/protobuf';
import { type Value, ValueSchema } from '@bufbuild/protobuf/wkt';
import type {
  Action,
  BatchRequest as BatchMessage,
  EmitRequest,
} from '../../generated/holdfast/v1/push_pb.ts';
import {
  BatchRequestSchema,
  CountSocketsRequestSchema,
  DisconnectRequestSchema,
  EmitRequestSchema,
  JoinRequestSchema,
  LeaveRequestSchema,
  ListSocketsRequestSchema,
} from '../../generated/holdfast/v1/push_pb.ts';
import type { Body } from '../codec/body.ts';
import { HoldfastError } from '../errors/holdfast-error.ts';
import type { PushMethod } from '../ports/push-method.ts';
import { type ActionDefaults, PUSH_DEFAULTS } from './action-defaults.ts';
import { checkBatchSize } from './batch-items.ts';
import { bodyOfValues } from './body-value.ts';
import { disconnectRequest, emitRequest, joinRequest, leaveRequest } from './command-message.ts';
import { checkDedupKey } from './dedup-key.ts';
import { fieldPath, invalidArgument } from './invalid-argument.ts';
import type { BatchRequest, CommandRequest, PushRequest } from './push-request.ts';
import { countRequest, listRequest } from './query-message.ts';
import { findUnknownNumber } from './unknown-number.ts';

/** The message each method takes. */
export const REQUEST_SCHEMAS = {
  Emit: EmitRequestSchema,
  Join: JoinRequestSchema,
  Leave: LeaveRequestSchema,
  Disconnect: DisconnectRequestSchema,
  ListSockets: ListSocketsRequestSchema,
  CountSockets: CountSocketsRequestSchema,
  Batch: BatchRequestSchema,
} as const satisfies Record<PushMethod, DescMessage>;

export type RequestMessage = MessageShape<(typeof REQUEST_SCHEMAS)[PushMethod]>;

/**
 * Reads a request that Protobuf-ES has decoded. Throws `invalid_argument`, which names the field; a field this
 * version does not know is refused too, by its number: doing only a part of what was asked could reach people
 * that it should not.
 */
export function readPushMessage(message: RequestMessage): PushRequest {
  const unknown = findUnknownNumber(message, '');
  if (unknown !== null) throw new HoldfastError('invalid_argument', `unknown field ${unknown}`);
  switch (message.$typeName) {
    case 'holdfast.v1.EmitRequest':
      return readEmitMessage(message, PUSH_DEFAULTS, '');
    case 'holdfast.v1.JoinRequest':
      return joinRequest(message, PUSH_DEFAULTS, '');
    case 'holdfast.v1.LeaveRequest':
      return leaveRequest(message, PUSH_DEFAULTS, '');
    case 'holdfast.v1.DisconnectRequest':
      return disconnectRequest(message, PUSH_DEFAULTS, '');
    case 'holdfast.v1.ListSocketsRequest':
      return listRequest(message);
    case 'holdfast.v1.CountSocketsRequest':
      return countRequest(message);
    case 'holdfast.v1.BatchRequest':
      return readBatchMessage(message);
  }
}

/** Reads one `Action` that Protobuf-ES has decoded. */
export function readActionMessage({ kind }: Action, defaults: ActionDefaults, path: string): CommandRequest {
  switch (kind.case) {
    case 'emit':
      return readEmitMessage(kind.value, defaults, fieldPath(path, 'emit'));
    case 'join':
      return joinRequest(kind.value, defaults, fieldPath(path, 'join'));
    case 'leave':
      return leaveRequest(kind.value, defaults, fieldPath(path, 'leave'));
    case 'disconnect':
      return disconnectRequest(kind.value, defaults, fieldPath(path, 'disconnect'));
    case undefined:
      throw invalidArgument(path, 'needs one of emit, join, leave, disconnect');
  }
}

/** Body of `args` and `attachments` in their message form. */
export function bodyOfMessage(
  args: readonly Value[],
  attachments: readonly Uint8Array[],
  path: string,
): Body {
  let values: unknown[];
  try {
    values = args.map((value) => toJson(ValueSchema, value));
  } catch (cause) {
    // NaN, infinities, or a Value without a kind: JSON has no form for them.
    throw new HoldfastError('invalid_argument', `${fieldPath(path, 'args')}: ${(cause as Error).message}`, {
      cause,
    });
  }
  return bodyOfValues(values, attachments, path);
}

function readEmitMessage(message: EmitRequest, defaults: ActionDefaults, path: string): CommandRequest {
  return emitRequest(message, bodyOfMessage(message.args, message.attachments, path), defaults, path);
}

function readBatchMessage({ items, dedupKey }: BatchMessage): BatchRequest {
  checkBatchSize(items.length);
  return {
    method: 'Batch',
    items: items.map((item, index) => readActionMessage(item, PUSH_DEFAULTS, `items[${index}]`)),
    dedupKey: checkDedupKey(dedupKey, ''),
  };
}
