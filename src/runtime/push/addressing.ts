import type { Target as TargetMessage } from '../../generated/holdfast/v1/common_pb.ts';
import { NOBODY, type Target } from '../delivery/target.ts';
import type { ActionDefaults } from './action-defaults.ts';
import { fieldPath, invalidArgument } from './invalid-argument.ts';

/** `to` of a command. */
export function receivers(
  message: TargetMessage | undefined,
  defaults: ActionDefaults,
  path: string,
): Target {
  const field = fieldPath(path, 'to');
  if (message === undefined) {
    if (defaults.to !== null) return defaults.to;
    throw invalidArgument(field, 'is required: name sockets, users, rooms or everyone');
  }
  const target = targetOf(message, field);
  if (target !== NOBODY) return target;
  if (defaults.to !== null) return defaults.to;
  throw invalidArgument(field, 'names nobody: name sockets, users, rooms or everyone');
}

/** `except` of a command. */
export function exceptions(message: TargetMessage | undefined, path: string): Target {
  return message === undefined ? NOBODY : targetOf(message, fieldPath(path, 'except'));
}

/** `NOBODY` itself when the message names nobody. */
export function targetOf(message: TargetMessage, path: string): Target {
  const { sockets, users, rooms, everyone } = message;
  if (!everyone && sockets.length + users.length + rooms.length === 0) return NOBODY;
  checkNames(sockets, path, 'sockets');
  checkNames(users, path, 'users');
  checkNames(rooms, path, 'rooms');
  return { sockets, users, rooms, everyone };
}

/** An empty name would mean everybody without a user, or a room nobody meant. */
export function checkNames(names: readonly string[], path: string, field: string): void {
  for (let index = 0; index < names.length; index++) {
    if (names[index] === '')
      throw invalidArgument(`${fieldPath(path, field)}[${index}]`, 'must not be empty');
  }
}

/** Socket.IO protocol: a namespace begins with a slash; comma and query would break the packet's text form. */
export function checkNamespace(namespace: string, path: string): string {
  if (!namespace.startsWith('/') || /[,?]/.test(namespace)) {
    throw invalidArgument(
      fieldPath(path, 'namespace'),
      `${JSON.stringify(namespace)} must start with "/" and have no "," and no "?"`,
    );
  }
  return namespace;
}
