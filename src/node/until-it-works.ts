import { HoldfastError } from '../runtime/errors/holdfast-error.ts';
import type { Log } from '../runtime/ports/log.ts';

export interface Persistence {
  readonly log: Log;
  readonly pause: (ms: number) => Promise<void>;
  readonly hasEnded: () => boolean;
}

/** How soon, and how often in the end, is tried again what needs a service that is not there, ms. */
const FIRST_TRY = 50;
const TRY_AGAIN = 1_000;
/** What passes when the service is there again. */
const PASSING: ReadonlySet<string> = new Set(['unavailable', 'deadline_exceeded', 'resource_exhausted']);

/** Does it again until it works or the node ends; null then. Only for what fails while a service is away. */
export async function untilItWorks<T>(
  work: () => Promise<T>,
  { log, pause, hasEnded }: Persistence,
): Promise<T | null> {
  let said = '';
  for (let wait = FIRST_TRY; !hasEnded(); wait = Math.min(2 * wait, TRY_AGAIN)) {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof HoldfastError) || !PASSING.has(error.code)) throw error;
      const { message } = error;
      // A process that has just begun is not connected to anything yet: that is nothing to be warned of.
      if (wait === TRY_AGAIN && message !== said) {
        log.warn({ error: message }, 'waiting for a service of the cluster');
        said = message;
      }
      await pause(wait);
    }
  }
  return null;
}
