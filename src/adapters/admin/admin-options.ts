import type { CensusOffice } from '../../runtime/ports/census.ts';
import type { Inspector } from '../../runtime/ports/inspector.ts';
import type { LogLevelControl } from '../../runtime/ports/log-level.ts';
import type { Neighbours } from '../../runtime/ports/neighbours.ts';
import type { Operations } from '../../runtime/ports/operations.ts';
import type { Readiness } from '../../runtime/ports/readiness.ts';
import type { TokenRevoker } from '../../runtime/ports/token-revoker.ts';

/** What the admin listener shows and steers. */
export interface AdminOptions {
  readonly listen: { readonly host: string; readonly port: number };
  /** Bearer token; empty only on loopback. */
  readonly token: string;
  readonly version: string;
  readonly readiness: Readiness;
  readonly inspector: Inspector;
  readonly census: CensusOffice;
  readonly operations: Operations;
  readonly neighbours: Neighbours;
  readonly logLevel: LogLevelControl;
  readonly tokens: TokenRevoker;
  readonly metrics: { readonly contentType: string; scrape(): Promise<string> };
}
