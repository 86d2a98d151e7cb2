import type { CodecLimits } from './codec/codec-limits.ts';
import { MAX_DEPTH } from './codec/codec-limits.ts';
import type { Config } from './config/config.ts';
import type { ConnectionTimes } from './connection/connection-times.ts';
import type { HeartbeatSettings } from './connection/heartbeat-interval.ts';

/** Beyond `backend.timeout`, so that the login's own deadline speaks first, ms. */
const LOGIN_SLACK = 1_000;

/** The configuration as the parts of a gateway want it. */
export interface GatewaySettings {
  readonly limits: CodecLimits;
  readonly heartbeat: HeartbeatSettings;
  readonly times: ConnectionTimes;
  /** Frames of at least this many bytes are compressed; Infinity when compression is off. */
  readonly compressFrom: number;
}

export function gatewaySettings(config: Config): GatewaySettings {
  const { engine, heartbeat, socketio, backend } = config;
  const { compression } = config.clients;
  const { enabled, every, step, max, retry } = heartbeat.adaptive;
  const { pingInterval, pingTimeout, upgradeTimeout } = engine;
  const authTimeout = backend.timeout + LOGIN_SLACK;
  return {
    limits: {
      maxDepth: MAX_DEPTH,
      maxAttachments: socketio.maxAttachments,
      maxAttachmentBytes: engine.maxPayload,
      maxPacketsPerPayload: engine.maxPacketsPerPayload,
    },
    heartbeat: { pingInterval, adaptive: enabled, every, step, max, retry },
    times: {
      pingInterval,
      pingTimeout,
      upgradeTimeout,
      connectTimeout: socketio.connectTimeout,
      authTimeout,
      // A session takes no undecided login along.
      moveTimeout: upgradeTimeout + authTimeout,
      retry,
    },
    compressFrom: compression.enabled ? compression.threshold : Number.POSITIVE_INFINITY,
  };
}
