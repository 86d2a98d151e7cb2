import { isReservedEvent } from '../codec/event-name.ts';
import { fieldPath, invalidArgument } from './invalid-argument.ts';

/** Clients raise the reserved names themselves; a packet must not. */
export function checkEventName(event: string, path: string): string {
  if (event === '') throw invalidArgument(fieldPath(path, 'event'), 'is required');
  if (isReservedEvent(event)) {
    throw invalidArgument(fieldPath(path, 'event'), `"${event}" is reserved by Socket.IO`);
  }
  return event;
}
