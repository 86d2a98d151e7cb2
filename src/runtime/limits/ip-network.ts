import { HoldfastError } from '../errors/holdfast-error.ts';
import { type IpGroups, isV4, parseIpAddress } from './ip-address.ts';

/** A block of addresses. */
export interface IpNetwork {
  readonly groups: IpGroups;
  /** Leading bits that count, of 128. */
  readonly bits: number;
}

/** Reads an address or a CIDR block. Throws `HoldfastError('invalid_argument')` for anything else. */
export function parseIpNetwork(text: string): IpNetwork {
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

export function isWithin({ groups, bits }: IpNetwork, address: IpGroups): boolean {
  const whole = bits >> 4;
  for (let at = 0; at < whole; at++) if (groups[at] !== address[at]) return false;
  const rest = bits & 15;
  return rest === 0 || (groups[whole]! ^ address[whole]!) >> (16 - rest) === 0;
}
