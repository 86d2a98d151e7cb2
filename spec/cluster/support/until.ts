import { setTimeout as sleep } from 'node:timers/promises';

/** Resolves when it holds; fails after `ms` and says `what` is missing. */
export async function until(
  holds: () => boolean | Promise<boolean>,
  ms = 10_000,
  what: () => string = () => `it did not happen within ${ms} ms: ${holds}`,
): Promise<void> {
  const deadline = performance.now() + ms;
  while (!(await holds())) {
    if (performance.now() > deadline) throw new Error(what());
    await sleep(20);
  }
}
