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
  readonly methods: Readonly<Partial<Record<'GET' | 'POST' | 'PUT' | 'DELETE', AdminHandler>>>;
}

export type AdminHandler = (exchange: AdminExchange) => void | Promise<void>;

export interface AdminExchange {
  readonly options: AdminOptions;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly query: URLSearchParams;
  /** What the groups of the path matched. */
  readonly params: readonly string[];
}
