import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AdminOptions } from './admin-options.ts';

/** One resource of the admin listener. */
export interface AdminRoute {
  /** Matches the whole path; its groups are handed to the methods. */
  readonly path: RegExp;
  /** Answered to everybody: probes of an orchestrator carry no token and no known host name. */
  readonly open: boolean;
  /** A media type that the request has to name in `Accept`: others are another route's. */
  readonly accepts?: string;
  /** Present: with `?node=` another node of the cluster answers it. `silence`: how long (ms) a stream may pause, 20 s unless told. */
  readonly elsewhere?: {
    readonly silence?: number /** `?node=*` is all of them. */;
    readonly everywhere?: true;
  };
  readonly methods: Readonly<Partial<Record<'GET' | 'POST' | 'PUT' | 'DELETE', AdminHandler>>>;
}

export type AdminHandler = (exchange: AdminExchange) => void | Promise<void>;

export interface AdminExchange {
  readonly options: AdminOptions;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** Without `node`, where the route may be asked of another one. */
  readonly query: URLSearchParams;
  /** Whether `node` named this node, and the request is for nobody else. */
  readonly isForThisOnly: boolean;
  /** Whether it is for all nodes at once. */
  readonly isForAll: boolean;
  /** Address of the operator, and the node it came by if it was another. */
  readonly from: string;
  /** What the groups of the path matched. */
  readonly params: readonly string[];
}
