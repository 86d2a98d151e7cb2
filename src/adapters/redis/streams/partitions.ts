/** Partitions of the upstream log. All nodes must agree, so it is no setting. */
export const PARTITIONS = 16;

/** One hash tag: a reader waits for all its partitions in one blocking read. */
export const CONSUMERS_KEY = 'holdfast:{upstream}:consumers';

export function partitionKey(partition: number): string {
  return `holdfast:{upstream}:${partition}`;
}

export function ownerKey(partition: number): string {
  return `holdfast:{upstream}:owner:${partition}`;
}

/** Sockets spread over the partitions by their id (FNV-1a). */
export function partitionOf(key: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < key.length; at++) hash = Math.imul(hash ^ key.charCodeAt(at), 0x01000193);
  return (hash ^ (hash >>> 16)) & (PARTITIONS - 1);
}
