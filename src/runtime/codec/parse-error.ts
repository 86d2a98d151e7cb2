/**
 * Why bytes from a client were refused. Small integers, so that a decoder can return "offset or -error" without
 * allocating; `PARSE_ERROR_MESSAGES` has the words. Every one of them closes the connection as `parse error`
 * (`payload too large` for those of `isTooLarge`).
 */
export const ParseError = {
  NONE: 0,
  EMPTY_PACKET: 1,
  UNKNOWN_ENGINE_PACKET_TYPE: 2,
  ILLEGAL_BASE64: 3,
  ILLEGAL_PAYLOAD_LENGTH: 4,
  TOO_MANY_PACKETS: 5,
  INVALID_UTF8: 6,
  ILLEGAL_JSONP_BODY: 7,
  UNKNOWN_SOCKET_PACKET_TYPE: 8,
  UNEXPECTED_PACKET_TYPE: 9,
  ILLEGAL_ACK_ID: 10,
  MISSING_ACK_ID: 11,
  UNEXPECTED_ACK_ID: 12,
  ILLEGAL_ATTACHMENT_COUNT: 13,
  TOO_MANY_ATTACHMENTS: 14,
  ATTACHMENTS_TOO_LARGE: 15,
  ILLEGAL_PLACEHOLDER: 16,
  TEXT_WHILE_ATTACHMENTS_AWAITED: 17,
  UNEXPECTED_BINARY: 18,
  ILLEGAL_PAYLOAD: 19,
  ILLEGAL_EVENT_NAME: 20,
  RESERVED_EVENT_NAME: 21,
  ILLEGAL_JSON: 22,
  NESTED_TOO_DEEP: 23,
  TRAILING_BYTES: 24,
  ILLEGAL_MSGPACK: 25,
  UNSUPPORTED_MSGPACK_EXTENSION: 26,
  DUPLICATE_FIELD: 27,
} as const;

export type ParseError = (typeof ParseError)[keyof typeof ParseError];

export const PARSE_ERROR_MESSAGES: Readonly<Record<ParseError, string>> = {
  [ParseError.NONE]: 'no error',
  [ParseError.EMPTY_PACKET]: 'empty packet',
  [ParseError.UNKNOWN_ENGINE_PACKET_TYPE]: 'unknown Engine.IO packet type',
  [ParseError.ILLEGAL_BASE64]: 'binary packet is not valid base64',
  [ParseError.ILLEGAL_PAYLOAD_LENGTH]: 'payload length header is malformed or does not match the payload',
  [ParseError.TOO_MANY_PACKETS]: 'too many packets in one payload',
  [ParseError.INVALID_UTF8]: 'text is not valid UTF-8',
  [ParseError.ILLEGAL_JSONP_BODY]: 'JSONP body has no field "d"',
  [ParseError.UNKNOWN_SOCKET_PACKET_TYPE]: 'unknown Socket.IO packet type',
  [ParseError.UNEXPECTED_PACKET_TYPE]: 'packet type that only a server sends',
  [ParseError.ILLEGAL_ACK_ID]: 'ack id is not an integer between 0 and 2^53-1',
  [ParseError.MISSING_ACK_ID]: 'ACK packet without an id',
  [ParseError.UNEXPECTED_ACK_ID]: 'CONNECT or DISCONNECT packet with an ack id',
  [ParseError.ILLEGAL_ATTACHMENT_COUNT]: 'attachment count is not a positive decimal integer',
  [ParseError.TOO_MANY_ATTACHMENTS]: 'too many attachments',
  [ParseError.ATTACHMENTS_TOO_LARGE]: 'attachments of one packet are too large together',
  [ParseError.ILLEGAL_PLACEHOLDER]: 'placeholders and attachments do not match one to one',
  [ParseError.TEXT_WHILE_ATTACHMENTS_AWAITED]: 'text packet while attachments are awaited',
  [ParseError.UNEXPECTED_BINARY]: 'binary message while no attachment is awaited',
  [ParseError.ILLEGAL_PAYLOAD]: 'payload is missing or has the wrong type for this packet',
  [ParseError.ILLEGAL_EVENT_NAME]: 'event name is neither a string nor a number',
  [ParseError.RESERVED_EVENT_NAME]: 'event name is reserved',
  [ParseError.ILLEGAL_JSON]: 'payload is not valid JSON',
  [ParseError.NESTED_TOO_DEEP]: 'payload is nested too deep',
  [ParseError.TRAILING_BYTES]: 'bytes after the end of the payload',
  [ParseError.ILLEGAL_MSGPACK]: 'malformed MessagePack',
  [ParseError.UNSUPPORTED_MSGPACK_EXTENSION]: 'unsupported MessagePack extension',
  [ParseError.DUPLICATE_FIELD]: 'packet field given twice',
};

/** Errors that mean "too much" rather than "malformed": the connection closes as `payload too large`. */
export function isTooLarge(error: ParseError): boolean {
  return error === ParseError.ATTACHMENTS_TOO_LARGE;
}
