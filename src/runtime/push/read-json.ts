import {
  type DescMessage,
  fromJson,
  type JsonObject,
  type JsonValue,
  type MessageShape,
} from '@bufbuild/protobuf';
import {
  CountSocketsRequestSchema,
  DisconnectRequestSchema,
  EmitRequestSchema,
  JoinRequestSchema,
  LeaveRequestSchema,
  ListSocketsRequestSchema,
} from '../../generated/holdfast/v1/push_pb.ts';
import { parseDuration } from '../config/duration.ts';
import { HoldfastError } from '../errors/holdfast-error.ts';
import type { PushMethod } from '../ports/push-method.ts';
import { type ActionDefaults, PUSH_DEFAULTS } from './action-defaults.ts';
import { attachmentsOfJson } from './attachment-text.ts';
import { checkBatchSize } from './batch-items.ts';
import { bodyOfValues } from './body-value.ts';
import { disconnectRequest, emitRequest, joinRequest, leaveRequest } from './command-message.ts';
import { checkDedupKey } from './dedup-key.ts';
import { fieldPath, invalidArgument } from './invalid-argument.ts';
import { describeProblem } from './json-problem.ts';
import type { BatchRequest, CommandRequest, PushRequest } from './push-request.ts';
import { countRequest, listRequest } from './query-message.ts';
import { findUnknownField } from './unknown-field.ts';

/**
 * Reads a request in its JSON form. The text is parsed once; the arguments of events stay plain JSON, all the
 * rest is checked by Protobuf-ES. Throws `invalid_argument`, which names the field.
 */
export function readPushJson(method: PushMethod, text: string): PushRequest {
  const json = objectOf(parse(text), '');
  switch (method) {
    case 'Emit':
      return readEmitJson(json, PUSH_DEFAULTS, '');
    case 'Join':
      return joinRequest(decode(JoinRequestSchema, json, ''), PUSH_DEFAULTS, '');
    case 'Leave':
      return leaveRequest(decode(LeaveRequestSchema, json, ''), PUSH_DEFAULTS, '');
    case 'Disconnect':
      return disconnectRequest(decode(DisconnectRequestSchema, json, ''), PUSH_DEFAULTS, '');
    case 'ListSockets':
      return listRequest(decode(ListSocketsRequestSchema, json, ''));
    case 'CountSockets':
      return countRequest(decode(CountSocketsRequestSchema, json, ''));
    case 'Batch':
      return readBatchJson(json);
  }
}

/** Is told of each field that does not exist, where it is passed over rather than refused. */
export type Tolerate = (path: string) => void;

/**
 * Reads one `Action`: an object with exactly one of emit, join, leave and disconnect. Without `tolerate` a field
 * that does not exist is refused.
 */
export function readActionJson(
  value: unknown,
  defaults: ActionDefaults,
  path: string,
  tolerate?: Tolerate,
): CommandRequest {
  const json = objectOf(value, path);
  let found: CommandRequest | null = null;
  for (const key in json) {
    const inner = json[key];
    if (inner === null) continue;
    const field = fieldPath(path, key);
    if (!isAction(key)) {
      if (tolerate === undefined) throw unknownField(field);
      tolerate(field);
      continue;
    }
    if (found !== null) throw invalidArgument(path, 'has more than one of emit, join, leave, disconnect');
    found = readCommandJson(key, objectOf(inner, field), defaults, field, tolerate);
  }
  if (found === null) throw invalidArgument(path, 'needs one of emit, join, leave, disconnect');
  return found;
}

type ActionName = 'emit' | 'join' | 'leave' | 'disconnect';

function isAction(key: string): key is ActionName {
  return key === 'emit' || key === 'join' || key === 'leave' || key === 'disconnect';
}

function readCommandJson(
  name: ActionName,
  json: JsonObject,
  defaults: ActionDefaults,
  path: string,
  tolerate?: Tolerate,
): CommandRequest {
  switch (name) {
    case 'emit':
      return readEmitJson(json, defaults, path, tolerate);
    case 'join':
      return joinRequest(decode(JoinRequestSchema, json, path, tolerate), defaults, path);
    case 'leave':
      return leaveRequest(decode(LeaveRequestSchema, json, path, tolerate), defaults, path);
    case 'disconnect':
      return disconnectRequest(decode(DisconnectRequestSchema, json, path, tolerate), defaults, path);
  }
}

function readEmitJson(
  json: JsonObject,
  defaults: ActionDefaults,
  path: string,
  tolerate?: Tolerate,
): CommandRequest {
  const body = bodyOfValues(json.args, attachmentsOfJson(json.attachments, path), path);
  // For Protobuf-ES null is absent: it builds no messages for what `body` holds already.
  if (json.args !== undefined) json.args = null;
  if (json.attachments !== undefined) json.attachments = null;
  if (json.ack !== undefined) spellTimeout(json.ack);
  return emitRequest(decode(EmitRequestSchema, json, path, tolerate), body, defaults, path);
}

/**
 * Protobuf's JSON knows durations in seconds only. Whoever writes `300ms` in the configuration will write it here,
 * too, so it is spelled the other way.
 */
function spellTimeout(ack: JsonValue): void {
  if (typeof ack !== 'object' || ack === null || Array.isArray(ack)) return;
  const milliseconds = typeof ack.timeout === 'string' ? parseDuration(ack.timeout) : null;
  if (milliseconds !== null) ack.timeout = `${milliseconds / 1000}s`;
}

function readBatchJson(json: JsonObject): BatchRequest {
  let dedupKey = '';
  let items: CommandRequest[] = [];
  for (const key in json) {
    const value = json[key];
    if (value === null) continue;
    if (key === 'items') {
      if (!Array.isArray(value)) throw invalidArgument('items', 'must be an array');
      checkBatchSize(value.length);
      items = value.map((item, index) => readActionJson(item, PUSH_DEFAULTS, `items[${index}]`));
    } else if (key === 'dedupKey' || key === 'dedup_key') {
      if (typeof value !== 'string') throw invalidArgument('dedupKey', 'must be a string');
      dedupKey = checkDedupKey(value, '');
    } else throw unknownField(key);
  }
  checkBatchSize(items.length);
  return { method: 'Batch', items, dedupKey };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new HoldfastError('invalid_argument', `the request is not JSON: ${(cause as Error).message}`, {
      cause,
    });
  }
}

function objectOf(value: unknown, path: string): JsonObject {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as JsonObject;
  throw invalidArgument(path === '' ? 'request' : path, 'must be an object');
}

function decode<Schema extends DescMessage>(
  schema: Schema,
  json: JsonObject,
  path: string,
  tolerate?: Tolerate,
): MessageShape<Schema> {
  try {
    return fromJson(schema, json);
  } catch (cause) {
    const unknown = findUnknownField(schema, json, path);
    if (unknown !== null) {
      if (tolerate === undefined) throw unknownField(unknown);
      tolerate(unknown);
      return decodeKnown(schema, json, path);
    }
    throw decodingError(schema, json, path, cause);
  }
}

function decodeKnown<Schema extends DescMessage>(
  schema: Schema,
  json: JsonObject,
  path: string,
): MessageShape<Schema> {
  try {
    return fromJson(schema, json, { ignoreUnknownFields: true });
  } catch (cause) {
    throw decodingError(schema, json, path, cause);
  }
}

function decodingError(schema: DescMessage, json: JsonObject, path: string, cause: unknown): HoldfastError {
  const problem = describeProblem(schema, json, path) ?? (cause as Error).message;
  return new HoldfastError('invalid_argument', problem, { cause });
}

function unknownField(path: string): HoldfastError {
  return new HoldfastError('invalid_argument', `unknown field "${path}"`);
}
