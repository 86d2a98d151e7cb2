import { networkInterfaces } from 'node:os';

/** An address of this machine at which a listener on `host` is reached by others; loopback when it has no other. */
export function ownAddress(host: string): string {
  if (host !== '0.0.0.0' && host !== '::') return host;
  for (const addresses of Object.values(networkInterfaces())) {
    for (const { address, family, internal } of addresses ?? []) {
      if (!internal && family === 'IPv4') return address;
    }
  }
  return '127.0.0.1';
}
