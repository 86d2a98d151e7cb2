import type { NodeRecord } from '../runtime/ports/lease-store.ts';

/** The nodes of a cluster in a few words: `3 gateways (1 drains), 2 api nodes`. */
export function describeNodes(nodes: Iterable<NodeRecord>): string {
  const all = [...nodes];
  return `${counted(all, 'gateway', 'gateway')}, ${counted(all, 'api', 'api node')}`;
}

function counted(all: readonly NodeRecord[], wanted: NodeRecord['role'], name: string): string {
  const some = all.filter(({ role }) => role === wanted);
  const draining = some.filter(({ load }) => load.draining === 1).length;
  const count = `${some.length} ${name}${some.length === 1 ? '' : 's'}`;
  return draining === 0 ? count : `${count} (${draining} drain${draining === 1 ? 's' : ''})`;
}
