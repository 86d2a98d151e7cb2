/**
 * Names that mean something to the libraries on both sides, refused as event names as socket.io-parser 4 does.
 * `error` is not among them.
 */
const RESERVED: ReadonlySet<string> = new Set([
  'connect',
  'connect_error',
  'disconnect',
  'disconnecting',
  'newListener',
  'removeListener',
]);

export function isReservedEvent(name: string): boolean {
  return RESERVED.has(name);
}
