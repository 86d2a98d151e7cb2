import type { ApiRoleOptions } from '../../src/node/api-role.ts';
import type { ClusterBus } from '../../src/node/cluster-bus.ts';
import type { GatewayRoleOptions } from '../../src/node/gateway-role.ts';

/** What stands between the parts of a node and can be taken away, to see that a simulation finds out. */
export interface Safeguards {
  readonly bus: (bus: ClusterBus) => ClusterBus;
  readonly gateway: (options: GatewayRoleOptions) => GatewayRoleOptions;
  readonly api: (options: ApiRoleOptions) => ApiRoleOptions;
  /** Records tell API nodes where sockets live. */
  readonly learnsHomes: boolean;
}

const same = <T>(one: T): T => one;

/** Everything in its place. */
export const ALL: Safeguards = { bus: same, gateway: same, api: same, learnsHomes: true };
