/** Bounds on what one packet or payload of a client may make the gateway do. */
export interface CodecLimits {
  /** Nesting of arrays and objects, the packet's own argument array included. */
  readonly maxDepth: number;
  /** Per packet. Official clients refuse more than 10 themselves (socket.io-parser ≥ 4.2.6, ≥ 3.4.4). */
  readonly maxAttachments: number;
  /** Bytes of all attachments of one packet together. */
  readonly maxAttachmentBytes: number;
  /** Packets in one POST of HTTP long-polling. */
  readonly maxPacketsPerPayload: number;
}

/** 128 levels: far above what people write by hand, far below where a consumer's recursion breaks. */
export const MAX_DEPTH = 128;

export const DEFAULT_CODEC_LIMITS: CodecLimits = Object.freeze({
  maxDepth: MAX_DEPTH,
  maxAttachments: 10,
  maxAttachmentBytes: 1_000_000,
  maxPacketsPerPayload: 4096,
});
