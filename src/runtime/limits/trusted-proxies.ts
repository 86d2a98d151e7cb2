import { HoldfastError } from '../errors/holdfast-error.ts';
import { formatIpAddress, type IpGroups, isV4, parseIpAddress } from './ip-address.ts';

interface Network {
  readonly groups: IpGroups;
  /** Leading bits that count, of 128. */
  readonly bits: number;
}

/** Entries of `X-Forwarded-For` looked at, from the nearest on. Longer chains of proxies are somebody's play. */
const MAX_HOPS = 16;

/**
 * Whose `X-Forwarded-For` is believed (`clients.trustedProxies`). Each proxy appends the address it was spoken to from,
 * so the header is read from its end, and only as far as the proxies that said it are ours: what stands before that
 * is whatever the client liked to write.
 */
export class TrustedProxies {
  readonly #networks: readonly Network[];

  /** `networks`: addresses and CIDR blocks. Throws `HoldfastError('invalid_argument')` for anything else. */
  constructor(networks: readonly string[]) {
    this.#networks = networks.map(parseNetwork);
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
    return this.#networks.some((network) => matches(network, address));
  }
}

function parseNetwork(text: string): Network {
  const [address, prefix, ...rest] = text.split('/');
  const groups = parseIpAddress(address!);
  if (groups === null || rest.length > 0 || !/^\d{1,3}$/.test(prefix ?? '0')) throw notANetwork(text);
  const width = isV4(groups) && !address!.includes(':') ? 32 : 128;
  const length = prefix === undefined ? width : Number(prefix);
  if (length > width) throw notANetwork(text);
  return { groups, bits: 128 - width + length };
}

function notANetwork(text: string): HoldfastError {
  return new HoldfastError('invalid_argument', `${JSON.stringify(text)} is no IP address and no CIDR block`);
}

function matches({ groups, bits }: Network, address: IpGroups): boolean {
  const whole = bits >> 4;
  for (let at = 0; at < whole; at++) if (groups[at] !== address[at]) return false;
  const rest = bits & 15;
  return rest === 0 || (groups[whole]! ^ address[whole]!) >> (16 - rest) === 0;
}

/** An address, maybe with a port as some proxies write it: `192.0.2.1:443`, `[2001:db8::1]:443`. */
function parseHop(text: string): IpGroups | null {
  if (text.length > 64) return null;
  const bracketed = /^\[([^\]]*)\](?::\d{1,5})?$/.exec(text);
  if (bracketed !== null) return parseIpAddress(bracketed[1]!);
  const [, v4] = /^([\d.]+):\d{1,5}$/.exec(text) ?? [];
  return parseIpAddress(v4 ?? text);
}
