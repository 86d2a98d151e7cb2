/**
 * The refusals of the Engine.IO handshake and of requests that do not fit their session, with the codes and
 * texts that stock clients know.
 *
 * Source: Engine.IO protocol, "Errors"; shape `{"code":n,"message":"…"}`.
 */
export const ENGINE_ERRORS = {
  unknownTransport: { status: 400, code: 0, message: 'Transport unknown' },
  unknownSession: { status: 400, code: 1, message: 'Session ID unknown' },
  badHandshakeMethod: { status: 400, code: 2, message: 'Bad handshake method' },
  badRequest: { status: 400, code: 3, message: 'Bad request' },
  forbidden: { status: 403, code: 4, message: 'Forbidden' },
  unsupportedProtocol: { status: 400, code: 5, message: 'Unsupported protocol version' },
  unauthorized: { status: 401, code: 4, message: 'Unauthorized' },
  payloadTooLarge: { status: 413, code: 3, message: 'Payload too large' },
  tooManyRequests: { status: 429, code: 4, message: 'Too many connections' },
  unavailable: { status: 503, code: 4, message: 'Server shutting down' },
  internal: { status: 500, code: 3, message: 'Internal error' },
} as const satisfies Record<string, { status: number; code: number; message: string }>;

export type EngineErrorName = keyof typeof ENGINE_ERRORS;
