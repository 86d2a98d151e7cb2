import type { Clock } from '../runtime/ports/clock.ts';

/** How often is looked whether it was, ms. */
const CHECK = 10;

/** The memory bus ends with the process, so everything on it must have reached its reader before. */
export function untilHandedOver(
  log: { readonly size: number },
  clock: Pick<Clock, 'after'>,
  isOver: () => boolean,
): Promise<void> {
  return new Promise((resolve) => {
    const look = () => {
      if (log.size === 0 || isOver()) resolve();
      else clock.after(CHECK, look);
    };
    look();
  });
}
