import type { Presence } from '../ports/presence.ts';

/** Looks for a socket of our number that we do not know: one of an earlier incarnation, which moved in time. */
export function lookElsewhere(
  presence: Pick<Presence, 'homesOf'>,
  self: number,
): (socket: string, found: (node: number) => void) => void {
  return (socket, found) => {
    const homes = presence.homesOf([socket]);
    if (!(homes instanceof Promise)) return;
    const tell = ([home = -1]: readonly number[]) => (home < 0 || home === self ? undefined : found(home));
    homes.then(tell, () => {});
  };
}
