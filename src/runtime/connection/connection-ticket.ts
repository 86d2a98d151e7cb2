import type { Connection } from './connection.ts';

/** Holds a connection over time without mistaking its successor in the pool for it. */
export class ConnectionTicket {
  readonly connection: Connection;
  private readonly idHigh: number;
  private readonly idLow: number;

  constructor(connection: Connection) {
    this.connection = connection;
    this.idHigh = connection.idHigh;
    this.idLow = connection.idLow;
  }

  isLive(): boolean {
    return this.connection.idHigh === this.idHigh && this.connection.idLow === this.idLow;
  }
}

/** A callback for later that does nothing when the connection is gone by then. */
export function whileLive(connection: Connection, callback: () => void): () => void {
  const ticket = new ConnectionTicket(connection);
  return () => {
    if (ticket.isLive()) callback();
  };
}
