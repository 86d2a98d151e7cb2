/** Durations in ms, from the configuration. */
export interface ConnectionTimes {
  readonly pingInterval: number;
  readonly pingTimeout: number;
  readonly upgradeTimeout: number;
  readonly connectTimeout: number;
  readonly authTimeout: number;
  /** How long another node may take to take a session over. */
  readonly moveTimeout: number;
  readonly retry: number;
}
