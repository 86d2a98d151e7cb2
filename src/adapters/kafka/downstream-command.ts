import { NO_ATTACHMENTS } from '../../runtime/codec/body.ts';
import type { Command } from '../../runtime/delivery/command.ts';
import { NOBODY, type Target } from '../../runtime/delivery/target.ts';
import { HoldfastError } from '../../runtime/errors/holdfast-error.ts';
import { checkNames, checkNamespace } from '../../runtime/push/addressing.ts';
import { checkEventName } from '../../runtime/push/event-name.ts';
import { freshTrail, type Trail, traceparentOf } from '../../runtime/trail.ts';
import { decodeEvent } from '../../runtime/wire/record-codec.ts';

type Headers = Readonly<Record<string, string>>;

/**
 * What a record of `ws.downstream` asks for. `X-Operator` is `unicast` (default), `broadcast` or `internal`; targets are
 * `X-ID` (sockets), `X-Uid` (users) and `X-Guid` (rooms), each one name or a JSON array of names, or else the key: a
 * socket's id. `broadcast` without targets is everybody of `X-Namespace`. `internal` does `X-Inner`: `join` and `leave`
 * with the rooms of `X-Guid`, `disconnect`.
 *
 * Throws `HoldfastError('invalid_argument')`, which no further try would mend.
 */
export function downstreamCommand(key: string, value: Uint8Array, headers: Headers, trail: Trail): Command {
  const operator = headers['X-Operator'] ?? 'unicast';
  const base = {
    except: NOBODY,
    namespace: checkNamespace(headers['X-Namespace'] ?? '/', ''),
    pushedBy: headers['X-Push-Client-ID'] ?? 'kafka',
    trail,
  };
  switch (operator) {
    case 'unicast':
    case 'broadcast': {
      const { event, body } = decodeEvent(value);
      checkEventName(event, '');
      const to = targetOf(key, headers, operator === 'broadcast');
      const { args, attachments } = body;
      return {
        kind: 'emit',
        to,
        event,
        body: attachments.length === 0 ? { args, attachments: NO_ATTACHMENTS } : { args, attachments },
        volatile: false,
        ack: null,
        ...(headers['X-Message-ID'] === undefined ? {} : { messageId: headers['X-Message-ID'] }),
        ...base,
      };
    }
    case 'internal':
      return inner(key, headers, base);
    default:
      throw new HoldfastError(
        'invalid_argument',
        `X-Operator "${operator}" is none of unicast, broadcast, internal`,
      );
  }
}

/**
 * `traceparent`, or else `X-Trace-ID`, names the trace that a record of `ws.downstream` belongs to.
 *
 * @param isSampled what to say of one that has only an id
 */
export function downstreamTrail(headers: Headers, now: number, isSampled: boolean): Trail {
  return freshTrail(headers.traceparent ?? traceparentOf(headers['X-Trace-ID'] ?? '', isSampled), now);
}

function inner(
  key: string,
  headers: Headers,
  base: Pick<Command, 'except' | 'namespace' | 'pushedBy' | 'trail'>,
): Command {
  const kind = headers['X-Inner'];
  const rooms = names(headers, 'X-Guid');
  switch (kind) {
    case 'join':
    case 'leave':
      if (rooms.length === 0)
        throw new HoldfastError('invalid_argument', `X-Inner ${kind} needs rooms in X-Guid`);
      return { kind, to: targetOf(key, { ...headers, 'X-Guid': '' }, false), rooms, ...base };
    case 'disconnect':
      return { kind, to: targetOf(key, headers, false), closeConnection: false, ...base };
    default:
      throw new HoldfastError(
        'invalid_argument',
        `X-Inner "${kind ?? ''}" is none of join, leave, disconnect`,
      );
  }
}

function targetOf(key: string, headers: Headers, isBroadcast: boolean): Target {
  const sockets = names(headers, 'X-ID');
  const users = names(headers, 'X-Uid');
  const rooms = names(headers, 'X-Guid');
  if (sockets.length + users.length + rooms.length > 0) return { sockets, users, rooms, everyone: false };
  if (isBroadcast) return { sockets, users, rooms, everyone: true };
  if (key === '')
    throw new HoldfastError(
      'invalid_argument',
      'neither a key nor X-ID, X-Uid or X-Guid says whom it is for',
    );
  return { sockets: [key], users, rooms, everyone: false };
}

function names(headers: Headers, name: 'X-ID' | 'X-Uid' | 'X-Guid'): string[] {
  const { [name]: header } = headers;
  if (header === undefined || header === '') return [];
  if (!header.startsWith('[')) return [header];
  let parsed: unknown;
  try {
    parsed = JSON.parse(header);
  } catch {
    return [header];
  }
  if (!Array.isArray(parsed) || !parsed.every((one) => typeof one === 'string')) {
    throw new HoldfastError('invalid_argument', `${name}: a list is a JSON array of strings`);
  }
  // Somebody has looked for receivers and found none: a broadcast would go to everybody instead.
  if (parsed.length === 0) throw new HoldfastError('invalid_argument', `${name}: names nobody`);
  checkNames(parsed, '', name);
  return parsed;
}
