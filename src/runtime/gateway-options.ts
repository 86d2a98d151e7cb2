import type { Config } from './config/config.ts';
import type { Dispatcher } from './delivery/dispatcher.ts';
import type { Letter } from './delivery/letter.ts';
import type { SessionIds } from './identity/session-id.ts';
import type { SnowflakeGenerator } from './identity/snowflake.ts';
import type { AddressLimits } from './limits/address-limits.ts';
import type { TokenBuckets } from './limits/token-bucket.ts';
import type { TimingWheel } from './machine/timing-wheel.ts';
import type { Metrics } from './metrics/metrics.ts';
import type { Authenticator } from './ports/authenticator.ts';
import type { Clock } from './ports/clock.ts';
import type { Incarnation } from './ports/lease-store.ts';
import type { Log } from './ports/log.ts';
import type { Mailbox } from './ports/mailbox.ts';
import type { Peers } from './ports/peers.ts';
import type { Presence } from './ports/presence.ts';
import type { UpstreamLog } from './ports/upstream-log.ts';
import type { Publisher } from './ports/web-socket.ts';
import type { SessionWatch } from './socket/session-manager.ts';
import type { Tracer } from './trace/tracer.ts';

export interface OtherNodes {
  /** The incarnation that bears a number now; null when none does. */
  incarnation(node: number): Incarnation | null;
  /** Those that write to sockets of others. */
  writers(): readonly number[];
}

/** A single process. */
export const ALONE: OtherNodes = { incarnation: () => null, writers: () => [] };

/** Everything a gateway needs from outside: its settings, time, identity, the bus, and who logs clients in. */
export interface GatewayOptions {
  readonly config: Config;
  readonly node: number;
  readonly clock: Clock;
  readonly wheel: TimingWheel;
  /** Runs a callback once, after all input of this tick was handled. */
  readonly defer: (callback: () => void) => void;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly snowflakes: SnowflakeGenerator;
  readonly sessionIds: SessionIds;
  readonly upstreamLog: UpstreamLog;
  readonly mailbox: Mailbox<Letter>;
  readonly presence: Presence;
  readonly dispatcher: Dispatcher;
  readonly publisher: Publisher;
  /** Other nodes, as far as they are known; there are none unless told. */
  readonly others?: OtherNodes;
  /** Asks other nodes; null in a single process. */
  readonly peers?: Pick<Peers, 'holds'> | null;
  /** Counts the sessions of users in the whole cluster; nobody does in a single process. */
  readonly sessionWatch?: SessionWatch;
  /** Whether a token was revoked, by its id; none ever is unless told. */
  readonly isRevoked?: (tokenId: string) => boolean;
  /** Absent when tracing is off. */
  readonly tracer?: Tracer | undefined;
  /** Null with `auth.mode=none`. */
  readonly authenticator: Authenticator | null;
  /** Null when no limit per address is configured. */
  readonly addressLimits: AddressLimits | null;
  /** Null when no limit per connection is configured. */
  readonly messageLimits: TokenBuckets | null;
}
