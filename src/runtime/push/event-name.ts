import { fieldPath, invalidArgument } from './invalid-argument.ts';

/** Names that Socket.IO's clients raise themselves; a packet must not. */
const RESERVED: ReadonlySet<string> = new Set([
  'connect',
  'connect_error',
  'disconnect',
  'disconnecting',
  'newListener',
  'removeListener',
]);

export function checkEventName(event: string, path: string): string {
  if (event === '') throw invalidArgument(fieldPath(path, 'event'), 'is required');
  if (RESERVED.has(event))
    throw invalidArgument(fieldPath(path, 'event'), `"${event}" is reserved by Socket.IO`);
  return event;
}
