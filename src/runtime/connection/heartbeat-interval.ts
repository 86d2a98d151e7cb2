import type { ConnectionTable } from './connection-table.ts';

export interface HeartbeatSettings {
  /** `engine.pingInterval`, ms. */
  readonly pingInterval: number;
  /** `heartbeat.adaptive` */
  readonly adaptive: boolean;
  /** Good beats before the interval grows. */
  readonly every: number;
  /** By how much it grows, ms. */
  readonly step: number;
  /** How far it grows, ms. */
  readonly max: number;
  /** Where it falls on a missed beat, ms. */
  readonly retry: number;
}

/**
 * The distance of a connection's heartbeats. Static unless adaptive; then it grows while all goes well and falls
 * at once when a beat is missed, so that idle load sinks from N / pingInterval towards N / max.
 */
export class HeartbeatInterval {
  readonly adaptive: boolean;
  /** What the client is told: the longest distance there can be, so that it never misses our ping. */
  readonly announced: number;
  private readonly table: ConnectionTable;
  private readonly settings: HeartbeatSettings;

  constructor(table: ConnectionTable, settings: HeartbeatSettings) {
    this.table = table;
    this.settings = settings;
    this.adaptive = settings.adaptive;
    this.announced = settings.adaptive
      ? Math.max(settings.max, settings.pingInterval)
      : settings.pingInterval;
  }

  begin(row: number): void {
    this.table.interval[row] = this.settings.pingInterval;
    this.table.goodBeats[row] = 0;
  }

  countBeat(row: number): void {
    if (!this.adaptive) return;
    const { interval, goodBeats } = this.table;
    if (++goodBeats[row] < this.settings.every) return;
    goodBeats[row] = 0;
    interval[row] = Math.min(interval[row] + this.settings.step, this.announced);
  }

  drop(row: number): void {
    this.table.goodBeats[row] = 0;
    this.table.interval[row] = this.settings.retry;
  }
}
