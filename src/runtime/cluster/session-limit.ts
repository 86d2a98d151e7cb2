import type { Connection } from '../connection/connection.ts';
import { toDecimal } from '../identity/snowflake-decimal.ts';
import type { EventChannel } from '../ports/event-channel.ts';
import type { SessionRegistry } from '../ports/session-registry.ts';
import type { SessionManager, SessionWatch } from '../socket/session-manager.ts';

export interface SessionLimitOptions {
  readonly registry: SessionRegistry;
  readonly events: EventChannel;
  /** `sessions.maxPerUser`, above 0. */
  readonly limit: number;
  /** The gateway of this node; null while there is none. */
  readonly gateway: () => SessionHolder | null;
  /** The registry cannot be asked: the limit holds per node only. */
  readonly onTrouble: (error: unknown) => void;
}

/** What of a gateway the limit needs. */
export interface SessionHolder {
  readonly sessions: SessionManager;
  connectionOf(id: string): Connection | undefined;
  endSession(connection: Connection): void;
}

interface LimitEvent {
  readonly kind: 'session limit';
  /** Public ids of the connections to end. */
  readonly connections: readonly string[];
}

/**
 * `sessions.maxPerUser` over all nodes: the registry knows who is too many, and whichever node holds the connection
 * ends it. What was missed while the channel was interrupted is asked for again.
 */
export class SessionLimit implements SessionWatch {
  private readonly options: SessionLimitOptions;
  private subscription: { close(): void } | null = null;

  constructor(options: SessionLimitOptions) {
    this.options = options;
  }

  start(): void {
    this.subscription = this.options.events.subscribe(
      (event) => this.heard(event),
      () => this.askAgain(),
    );
  }

  stop(): void {
    this.subscription?.close();
    this.subscription = null;
  }

  entered(user: string, connection: Connection): void {
    void this.enter(user, idOf(connection));
  }

  left(user: string, connection: Connection): void {
    this.options.registry.leave(user, idOf(connection)).catch(this.options.onTrouble);
  }

  private async enter(user: string, connection: string): Promise<void> {
    const { registry, events, limit, onTrouble } = this.options;
    try {
      const connections = await registry.enter(user, connection, limit);
      if (connections.length === 0) return;
      const event: LimitEvent = { kind: 'session limit', connections };
      this.heard(event);
      events.publish(event);
    } catch (error) {
      onTrouble(error);
    }
  }

  private heard(event: object): void {
    if (!isLimitEvent(event)) return;
    const gateway = this.options.gateway();
    for (const id of event.connections) {
      const connection = gateway?.connectionOf(id);
      if (connection !== undefined) gateway!.endSession(connection);
    }
  }

  private askAgain(): void {
    for (const session of this.options.gateway()?.sessions.all() ?? []) {
      for (const { connection } of session.sockets) void this.enter(session.user, idOf(connection));
    }
  }
}

function isLimitEvent(event: object): event is LimitEvent {
  const { kind, connections } = event as Partial<LimitEvent>;
  return kind === 'session limit' && Array.isArray(connections) && connections.every(isText);
}

function isText(value: unknown): boolean {
  return typeof value === 'string';
}

function idOf(connection: Connection): string {
  return toDecimal(connection.idHigh, connection.idLow);
}
