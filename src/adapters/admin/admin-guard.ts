import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { requireLoopbackHost } from '../../runtime/auth/loopback-host.ts';
import { HoldfastError } from '../../runtime/errors/holdfast-error.ts';

/** Lets a request in or throws. With a token, it must be carried; without one, it must be meant for loopback. */
export function admit(request: IncomingMessage, token: string): void {
  if (token === '') {
    requireLoopbackHost(request.headers.host ?? '', 'admin.token');
    return;
  }
  const carried = /^Bearer +(\S+) *$/i.exec(request.headers.authorization ?? '')?.[1] ?? '';
  if (!equalInConstantTime(carried, token)) {
    throw new HoldfastError('unauthenticated', 'needs Authorization: Bearer <admin.token>');
  }
}

/** Hashes have one length, so that not even the length of the token shows in the time it takes. */
function equalInConstantTime(one: string, other: string): boolean {
  return timingSafeEqual(sha256(one), sha256(other));
}

function sha256(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
