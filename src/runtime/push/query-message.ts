import type { Target as TargetMessage } from '../../generated/holdfast/v1/common_pb.ts';
import type { CountSocketsRequest, ListSocketsRequest } from '../../generated/holdfast/v1/push_pb.ts';
import { NOBODY, type Target } from '../delivery/target.ts';
import { checkNamespace, targetOf } from './addressing.ts';
import { checkDedupKey } from './dedup-key.ts';
import { invalidArgument } from './invalid-argument.ts';
import type { CountRequest, ListRequest } from './push-request.ts';

const EVERYONE: Target = Object.freeze({ sockets: [], users: [], rooms: [], everyone: true });
const DEFAULT_PAGE_SIZE = 100;
const MAX_PAGE_SIZE = 1_000;

export function listRequest(message: ListSocketsRequest): ListRequest {
  if (message.pageSize < 0) throw invalidArgument('pageSize', `${message.pageSize} must not be negative`);
  return {
    method: 'ListSockets',
    to: queried(message.to),
    namespace: message.namespace === '' ? null : checkNamespace(message.namespace, ''),
    pageSize: message.pageSize === 0 ? DEFAULT_PAGE_SIZE : Math.min(message.pageSize, MAX_PAGE_SIZE),
    pageToken: checkPageToken(message.pageToken),
    dedupKey: checkDedupKey(message.dedupKey, ''),
  };
}

export function countRequest(message: CountSocketsRequest): CountRequest {
  return {
    method: 'CountSockets',
    to: queried(message.to),
    namespace: message.namespace === '' ? null : checkNamespace(message.namespace, ''),
    dedupKey: checkDedupKey(message.dedupKey, ''),
  };
}

/** The id of the last socket on the page before, and nothing else: one that is made up would skip or repeat sockets. */
function checkPageToken(token: string): string {
  if (/^\d{0,20}$/.test(token)) return token;
  throw invalidArgument('pageToken', 'must be empty or the nextPageToken of the page before');
}

/** A question without `to` is about everyone, like Socket.IO's `fetchSockets`; nobody is harmed by its answer. */
function queried(message: TargetMessage | undefined): Target {
  if (message === undefined) return EVERYONE;
  const target = targetOf(message, 'to');
  if (target === NOBODY) throw invalidArgument('to', 'names nobody: name sockets, users, rooms or everyone');
  return target;
}
