import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { HoldfastError } from '../../runtime/errors/holdfast-error.ts';

/**
 * Lets a request in or throws. With a token, it must be carried. Without one the listener is on loopback, where
 * a web page could still reach it by a name of its own that resolves to 127.0.0.1 (DNS rebinding); such a name
 * stands in `Host`, so only names of the loopback interface are accepted there.
 */
export function admit(request: IncomingMessage, token: string): void {
  if (token === '') {
    if (!isLoopbackName(request.headers.host ?? '')) {
      throw new HoldfastError(
        'permission_denied',
        'without admin.token this listener answers only requests to localhost, 127.0.0.1 or [::1]',
      );
    }
    return;
  }
  const carried = /^Bearer +(\S+) *$/i.exec(request.headers.authorization ?? '')?.[1] ?? '';
  if (!equalInConstantTime(carried, token)) {
    throw new HoldfastError('unauthenticated', 'needs Authorization: Bearer <admin.token>');
  }
}

function isLoopbackName(host: string): boolean {
  return /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])(?::\d+)?$/i.test(host);
}

/** Hashes have one length, so that not even the length of the token shows in the time it takes. */
function equalInConstantTime(one: string, other: string): boolean {
  return timingSafeEqual(sha256(one), sha256(other));
}

function sha256(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
