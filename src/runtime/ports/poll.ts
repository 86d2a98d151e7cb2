/** A GET request of the polling transport that waits for packets. Answered exactly once. */
export interface Poll {
  /** Text payloads travel as `text/plain`, binary ones (Engine.IO 3 only) as `application/octet-stream`. */
  respond(payload: string | Uint8Array): void;
}
