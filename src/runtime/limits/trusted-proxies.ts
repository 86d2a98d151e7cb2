import { formatIpAddress, type IpGroups, parseIpAddress } from './ip-address.ts';
import { type IpNetwork, isWithin, parseIpNetwork } from './ip-network.ts';

/** Entries of `X-Forwarded-For` looked at, from the nearest on. Longer chains of proxies are somebody's play. */
const MAX_HOPS = 16;

/**
 * Whose `X-Forwarded-For` is believed (`clients.trustedProxies`). Each proxy appends the address it was spoken to from,
 * so the header is read from its end, and only as far as the proxies that said it are ours: what stands before that
 * is whatever the client liked to write.
 */
export class TrustedProxies {
  readonly #networks: readonly IpNetwork[];

  /** `networks`: addresses and CIDR blocks. Throws `HoldfastError('invalid_argument')` for anything else. */
  constructor(networks: readonly string[]) {
    this.#networks = networks.map(parseIpNetwork);
  }

  /** Whether `peer` is one of our proxies. */
  trusts(peer: string): boolean {
    if (this.#networks.length === 0) return false;
    const groups = parseIpAddress(peer);
    return groups !== null && this.#contains(groups);
  }

  /** The client's address, given who opened the TCP connection and the header it sent (empty when none). */
  clientAddress(peer: string, forwardedFor: string): string {
    let groups = parseIpAddress(peer);
    if (groups === null) return peer;
    if (forwardedFor !== '' && this.#contains(groups)) {
      const hops = forwardedFor.split(',');
      const last = Math.max(0, hops.length - MAX_HOPS);
      for (let at = hops.length - 1; at >= last; at--) {
        const hop = parseHop(hops[at]!.trim());
        // `unknown` or nonsense: the nearest proxy that could say an address is all there is.
        if (hop === null) break;
        groups = hop;
        if (!this.#contains(hop)) break;
      }
    }
    return formatIpAddress(groups);
  }

  #contains(address: IpGroups): boolean {
    return this.#networks.some((network) => isWithin(network, address));
  }
}

/** An address, maybe with a port as some proxies write it: `192.0.2.1:443`, `[2001:db8::1]:443`. */
function parseHop(text: string): IpGroups | null {
  if (text.length > 64) return null;
  const bracketed = /^\[([^\]]*)\](?::\d{1,5})?$/.exec(text);
  if (bracketed !== null) return parseIpAddress(bracketed[1]!);
  const [, v4] = /^([\d.]+):\d{1,5}$/.exec(text) ?? [];
  return parseIpAddress(v4 ?? text);
}
