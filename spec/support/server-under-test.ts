/** A server that the black-box suites talk to, knowing nothing but its address. */
export interface ServerUnderTest {
  /** `http://host:port` of the client listener. */
  readonly url: string;
  /** How long a connection may stay without a namespace, in ms. */
  readonly connectTimeout: number;
  /** How long a WebSocket may take to finish an upgrade, in ms. */
  readonly upgradeTimeout: number;
  close(): Promise<void>;
}

/** What both servers of this repository's own runs are set to: short, so that the suites are. */
export const SHORT_TIMES = {
  pingInterval: 300,
  pingTimeout: 500,
  connectTimeout: 1000,
  upgradeTimeout: 500,
  maxPayload: 1_000_000,
} as const;
