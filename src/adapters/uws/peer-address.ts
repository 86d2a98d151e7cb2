import type { HttpRequest, HttpResponse } from 'uWebSockets.js';
import type { TrustedProxies } from '../../runtime/limits/trusted-proxies.ts';

const REMEMBERED = 4096;

/**
 * The address a request comes from, as text. Addresses repeat (proxies, offices, carriers), so texts are shared:
 * a million connections from one proxy hold one string.
 */
export class PeerAddress {
  private readonly proxies: TrustedProxies;
  private readonly known = new Map<number, string>();

  constructor(proxies: TrustedProxies) {
    this.proxies = proxies;
  }

  of(response: HttpResponse, request: HttpRequest): string {
    const peer = this.peer(response);
    if (!this.proxies.trusts(peer)) return peer;
    return this.proxies.clientAddress(peer, request.getHeader('x-forwarded-for'));
  }

  private peer(response: HttpResponse): string {
    const bytes = new Uint8Array(response.getRemoteAddress());
    const v4 = ipv4Offset(bytes);
    if (v4 < 0) return Buffer.from(response.getRemoteAddressAsText()).toString('latin1');
    const key = ((bytes[v4] << 24) | (bytes[v4 + 1] << 16) | (bytes[v4 + 2] << 8) | bytes[v4 + 3]) >>> 0;
    let text = this.known.get(key);
    if (text === undefined) {
      text = `${bytes[v4]}.${bytes[v4 + 1]}.${bytes[v4 + 2]}.${bytes[v4 + 3]}`;
      if (this.known.size >= REMEMBERED) this.known.clear();
      this.known.set(key, text);
    }
    return text;
  }
}

/** Where the four bytes of an IPv4 address stand, also when it is mapped into IPv6; -1 for true IPv6. */
function ipv4Offset(bytes: Uint8Array): number {
  if (bytes.length === 4) return 0;
  if (bytes.length !== 16 || bytes[10] !== 0xff || bytes[11] !== 0xff) return -1;
  for (let i = 0; i < 10; i++) if (bytes[i] !== 0) return -1;
  return 12;
}
