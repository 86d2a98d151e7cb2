import type {
  DisconnectRequest,
  EmitRequest,
  JoinRequest,
  LeaveRequest,
} from '../../generated/holdfast/v1/push_pb.ts';
import type { Body } from '../codec/body.ts';
import { ackRequestOf } from './ack-options.ts';
import type { ActionDefaults } from './action-defaults.ts';
import { checkNames, checkNamespace, exceptions, receivers } from './addressing.ts';
import { checkDedupKey } from './dedup-key.ts';
import { checkEventName } from './event-name.ts';
import { fieldPath, invalidArgument } from './invalid-argument.ts';
import type { CommandRequest } from './push-request.ts';

/** `message.args` and `.attachments` are not looked at: they are `body`, in whatever form they came. */
export function emitRequest(
  message: EmitRequest,
  body: Body,
  defaults: ActionDefaults,
  path: string,
): CommandRequest {
  return {
    method: 'Emit',
    command: {
      kind: 'emit',
      to: receivers(message.to, defaults, path),
      except: exceptions(message.except, path),
      namespace: namespaceOf(message.namespace, defaults, path),
      event: checkEventName(message.event, path),
      body,
      volatile: message.volatile,
      ack: ackRequestOf(message.ack, path),
    },
    dedupKey: checkDedupKey(message.dedupKey, path),
  };
}

export function joinRequest(message: JoinRequest, defaults: ActionDefaults, path: string): CommandRequest {
  return {
    method: 'Join',
    command: {
      kind: 'join',
      to: receivers(message.to, defaults, path),
      except: exceptions(message.except, path),
      namespace: namespaceOf(message.namespace, defaults, path),
      rooms: roomsOf(message.rooms, path),
    },
    dedupKey: checkDedupKey(message.dedupKey, path),
  };
}

export function leaveRequest(message: LeaveRequest, defaults: ActionDefaults, path: string): CommandRequest {
  return {
    method: 'Leave',
    command: {
      kind: 'leave',
      to: receivers(message.to, defaults, path),
      except: exceptions(message.except, path),
      namespace: namespaceOf(message.namespace, defaults, path),
      rooms: roomsOf(message.rooms, path),
    },
    dedupKey: checkDedupKey(message.dedupKey, path),
  };
}

export function disconnectRequest(
  message: DisconnectRequest,
  defaults: ActionDefaults,
  path: string,
): CommandRequest {
  return {
    method: 'Disconnect',
    command: {
      kind: 'disconnect',
      to: receivers(message.to, defaults, path),
      except: exceptions(message.except, path),
      namespace: namespaceOf(message.namespace, defaults, path),
      closeConnection: message.closeConnection,
    },
    dedupKey: checkDedupKey(message.dedupKey, path),
  };
}

function namespaceOf(namespace: string, defaults: ActionDefaults, path: string): string {
  return namespace === '' ? defaults.namespace : checkNamespace(namespace, path);
}

function roomsOf(rooms: readonly string[], path: string): readonly string[] {
  if (rooms.length === 0) throw invalidArgument(fieldPath(path, 'rooms'), 'is required: name at least one');
  checkNames(rooms, path, 'rooms');
  return rooms;
}
