import type { Incarnation } from '../../../runtime/ports/lease-store.ts';

/**
 * KEYS[1] the fence of the node that writes, KEYS[2…] partitions. ARGV: for each record its partition, as a place in
 * KEYS, then the record. Returns 1, or 0 when the node has been fenced off and nothing was appended.
 *
 * Redis itself refuses, because only it knows what comes late: what a node wrote while it had its number may lie on the
 * way until others have said the end of its sockets.
 */
export const APPEND = `if redis.call('EXISTS', KEYS[1]) == 1 then return 0 end
for at = 1, #ARGV, 2 do redis.call('XADD', KEYS[tonumber(ARGV[at])], '*', 'r', ARGV[at + 1]) end
return 1
`;

/** How long (s) a fence stands: longer than anything lies on its way. */
export const FENCE_LIFETIME = 86_400;

/** It lies where the partitions are, so that one script sees both. */
export function fenceKey({ number, epoch }: Incarnation): string {
  return `holdfast:{upstream}:fence:${number}:${epoch}`;
}
