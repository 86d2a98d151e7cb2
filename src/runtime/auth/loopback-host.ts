import { HoldfastError } from '../errors/holdfast-error.ts';

const LOOPBACK = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])(?::\d+)?$/i;

/**
 * For listeners that let everybody in and are therefore on loopback. A web page can still reach them there by a name
 * of its own that resolves to 127.0.0.1 (DNS rebinding); that name stands in `Host` (HTTP/2: `:authority`), so only
 * names of the loopback interface are accepted, with any port. Empty stands for no such header: every browser sends
 * one, HTTP/1.0 need not. Throws `permission_denied`; `setting` is what would open the door.
 */
export function requireLoopbackHost(host: string, setting: string): void {
  if (host === '' || LOOPBACK.test(host)) return;
  throw new HoldfastError(
    'permission_denied',
    `without ${setting} this listener answers only requests to localhost, 127.0.0.1 or [::1]`,
  );
}
