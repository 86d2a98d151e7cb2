import type { Incarnation } from '../../../runtime/ports/lease-store.ts';

/** How long (s) a node is remembered that writes no more: longer than anything lies on its way. */
export const WRITER_LIFETIME = 86_400;

/**
 * KEYS[1] what is known of the node that writes, KEYS[2…] partitions. ARGV: place of the first record among all that the
 * node writes; then for each record its partition, as a place in KEYS, and the record. Returns 1, or 0 when the node has
 * been fenced off and nothing was appended.
 *
 * Redis itself refuses, because only it knows what comes late: what a node wrote while it had its number may lie on the
 * way until others have said the end of its sockets. And it skips what it has already, when only its answer was lost.
 */
export const APPEND = `local reached = redis.call('GET', KEYS[1])
if reached == 'fenced' then return 0 end
reached = tonumber(reached or 0)
local place = tonumber(ARGV[1]) - 1
for at = 2, #ARGV, 2 do
  place = place + 1
  if place > reached then redis.call('XADD', KEYS[tonumber(ARGV[at])], '*', 'r', ARGV[at + 1]) end
end
if place > reached then redis.call('SET', KEYS[1], string.format('%.0f', place), 'EX', ${WRITER_LIFETIME}) end
return 1
`;

/** In place of the last record's place. */
export const FENCED = 'fenced';

/** It lies where the partitions are, so that one script sees both. */
export function writerKey({ number, epoch }: Incarnation): string {
  return `holdfast:{upstream}:writer:${number}:${epoch}`;
}
