import { PeerClient, type PeerClientOptions } from '../adapters/peer/peer-client.ts';
import { PeerListener, type PeerListenerOptions } from '../adapters/uws/peer-listener.ts';
import type { Peers } from '../runtime/ports/peers.ts';
import { ApiRole, type ApiRoleOptions } from './api-role.ts';
import { GatewayRole, type GatewayRoleOptions } from './gateway-role.ts';

/** Public side of a class: another one may stand in for it. */
type Face<T> = Pick<T, keyof T>;

/** How the parts of a cluster's node come about that reach others by themselves; a simulation has its own. */
export interface Surroundings {
  readonly peerListener: (options: PeerListenerOptions) => Face<PeerListener>;
  readonly peers: (options: PeerClientOptions) => Peers & { close(): Promise<void> };
  readonly clients: (options: GatewayRoleOptions) => Face<GatewayRole>;
  readonly api: (options: ApiRoleOptions) => Face<ApiRole>;
}

/** Those of a real process. */
export const SOCKETS: Surroundings = {
  peerListener: (options) => new PeerListener(options),
  peers: (options) => new PeerClient(options),
  clients: (options) => new GatewayRole(options),
  api: (options) => new ApiRole(options),
};
