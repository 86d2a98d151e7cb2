import type { Box } from './lay-out.ts';

export type ArrowKey = 'ArrowUp' | 'ArrowDown' | 'ArrowLeft' | 'ArrowRight';

/** The state that the eye would look for in that direction; null when there is none. */
export function nearestState(boxes: ReadonlyMap<string, Box>, from: string, key: ArrowKey): string | null {
  const start = boxes.get(from);
  if (start === undefined) return null;
  const horizontal = key === 'ArrowLeft' || key === 'ArrowRight';
  const sign = key === 'ArrowRight' || key === 'ArrowDown' ? 1 : -1;
  let best: string | null = null;
  let least = Number.POSITIVE_INFINITY;
  for (const [path, box] of boxes) {
    if (path === from || path.endsWith('>initial')) continue;
    // A box is where its name stands: that keeps boxes around others within reach.
    const along = sign * (horizontal ? box.x - start.x : box.y - start.y);
    const across = Math.abs(horizontal ? box.y - start.y : box.x - start.x);
    if (along < 1) continue;
    const distance = along + across * 2.5;
    if (distance < least) [best, least] = [path, distance];
  }
  return best;
}
