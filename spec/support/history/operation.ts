/**
 * What somebody did or saw, in the order in which one observer noted it. Clients, backend and pushers all note into
 * the same history; ids are theirs, never the server's, so that the server cannot mislead the checker.
 */
export type Operation = Sent | Accepted | Refused | Received | Lost | Settled;

/** Somebody is about to send message `id` to `to`. What one stream sends arrives in this order, at each receiver. */
export interface Sent {
  readonly kind: 'sent';
  readonly id: string;
  readonly stream: string;
  readonly to: readonly string[];
  /** How the names of others begin who may get it and need not, such as a user's sessions that begin meanwhile. */
  readonly perhaps?: string;
  /** What is in it; compared with what arrives. */
  readonly body?: string;
}

/** The sender was promised that the message arrives. */
export interface Accepted {
  readonly kind: 'accepted';
  readonly id: string;
}

/** The sender was told that nothing is promised. It may have happened nevertheless. */
export interface Refused {
  readonly kind: 'refused';
  readonly id: string;
}

export interface Received {
  readonly kind: 'received';
  readonly id: string;
  readonly by: string;
  readonly body?: string;
}

/** A receiver is gone for good, such as a session that ended. What had not reached it by then never will. */
export interface Lost {
  readonly kind: 'lost';
  readonly receiver: string;
}

/** Everything promised so far must have arrived: nothing was sent for long enough. The end of a history is one, too. */
export interface Settled {
  readonly kind: 'settled';
}
