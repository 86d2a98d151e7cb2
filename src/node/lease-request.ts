import { hostname } from 'node:os';
import type { Config } from '../runtime/config/config.ts';
import type { LeaseRequest, NodeRole } from '../runtime/ports/lease-store.ts';

export interface LeaseApplicant {
  readonly config: Config;
  readonly role: NodeRole;
  /** What tells this process from others of its machine. */
  readonly worker: number;
  readonly version: string;
  /** Random, of this process. */
  readonly owner: string;
  /** The node number it had before; null for none. */
  readonly previous: number | null;
  /** Where other nodes reach it; empty for nowhere. */
  readonly address: string;
  /** Where they ask on behalf of operators. */
  readonly inspectAddress: string;
}

/** What this process asks a node number for. */
export function leaseRequest({ config, role, worker, ...rest }: LeaseApplicant): LeaseRequest {
  const listen = role === 'gateway' ? config.clients.listen : config.push.listen;
  const port = listen.port === 0 ? `pid ${process.pid}` : String(listen.port);
  const { nodeId, leaseTtl: ttl } = config.cluster;
  return {
    ...rest,
    role,
    // Two processes of one machine differ by their port, or by their place among the workers.
    name: nodeId === null ? `${hostname()} ${role} ${port} ${worker}` : `node ${nodeId}`,
    wanted: nodeId,
    ttl,
  };
}
