/** Where a listener binds. Port 0 lets the operating system choose. */
export interface ListenAddress {
  /** Host name or IP address, IPv6 without brackets. */
  readonly host: string;
  readonly port: number;
}

const SHAPE = /^(?:\[([0-9a-fA-F:.]+)\]|([^\s:[\]/]*)):(\d{1,5})$/;

/**
 * `0.0.0.0:8080`, `:8080` (every IPv4 interface), `[::1]:8080`, `localhost:8080`; `null` for anything else.
 */
export function parseListenAddress(text: string): ListenAddress | null {
  const match = SHAPE.exec(text.trim());
  if (match === null) return null;
  const port = Number(match[3]);
  if (port > 65_535) return null;
  return { host: match[1] ?? (match[2] || '0.0.0.0'), port };
}

export function formatListenAddress({ host, port }: ListenAddress): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

/** Whether only processes of the same machine can reach this listener. */
export function isLoopback({ host }: ListenAddress): boolean {
  return host === 'localhost' || host === '::1' || /^127(?:\.\d{1,3}){3}$/.test(host);
}
