/**
 * IP addresses as text and as eight 16-bit groups. IPv4 is held as IPv6 has it mapped (`::ffff:a.b.c.d`, RFC 4291
 * §2.5.5.2), so that one comparison serves both.
 */
export type IpGroups = readonly number[];

const GROUPS = 8;
const MAPPED: IpGroups = [0, 0, 0, 0, 0, 0xffff];

/** Reads either version, also IPv4 mapped into IPv6; `null` for anything else. No zone ids, no leading zeros in IPv4. */
export function parseIpAddress(text: string): IpGroups | null {
  if (text.length > 45) return null;
  if (!text.includes(':')) {
    const v4 = parseV4(text);
    return v4 === null ? null : [...MAPPED, ...v4];
  }
  const halves = text.split('::');
  if (halves.length > 2) return null;
  const head = parseGroups(halves[0]!);
  if (halves.length === 1) return head?.length === GROUPS ? head : null;
  const tail = parseGroups(halves[1]!);
  // An IPv4 part stands at the very end or nowhere.
  if (halves[0]!.includes('.')) return null;
  if (head === null || tail === null || head.length + tail.length >= GROUPS) return null;
  return [...head, ...Array<number>(GROUPS - head.length - tail.length).fill(0), ...tail];
}

/** The one way to write an address: dotted for IPv4, mapped or not, RFC 5952 for IPv6. */
export function formatIpAddress(groups: IpGroups): string {
  if (isV4(groups)) {
    const [high, low] = [groups[6]!, groups[7]!];
    return `${high >> 8}.${high & 255}.${low >> 8}.${low & 255}`;
  }
  const [start, length] = longestZeros(groups);
  const hex = groups.map((group) => group.toString(16));
  if (length < 2) return hex.join(':');
  return `${hex.slice(0, start).join(':')}::${hex.slice(start + length).join(':')}`;
}

export function isV4(groups: IpGroups): boolean {
  return MAPPED.every((group, index) => groups[index] === group);
}

/**
 * What one customer of a network holds: an IPv4 address itself, the /64 of an IPv6 address. Any other text is its own
 * network.
 */
export function addressNetwork(address: string): string {
  if (!address.includes(':')) return address;
  const groups = parseIpAddress(address);
  if (groups === null) return address;
  return isV4(groups) ? formatIpAddress(groups) : formatIpAddress([...groups.slice(0, 4), 0, 0, 0, 0]);
}

/** Groups between colons, the last two perhaps written as IPv4; `null` when one of them is none. */
function parseGroups(text: string): number[] | null {
  if (text === '') return [];
  const groups: number[] = [];
  const parts = text.split(':');
  for (const [index, part] of parts.entries()) {
    if (part.includes('.')) {
      const v4 = index === parts.length - 1 ? parseV4(part) : null;
      if (v4 === null) return null;
      groups.push(...v4);
    } else if (/^[0-9a-f]{1,4}$/i.test(part)) {
      groups.push(Number.parseInt(part, 16));
    } else {
      return null;
    }
  }
  return groups;
}

function parseV4(text: string): [number, number] | null {
  const match = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(text);
  if (match === null) return null;
  const bytes = match.slice(1).map(Number);
  // A leading zero means octal to some readers and nothing to others: then it is no address.
  if (bytes.some((byte, index) => byte > 255 || String(byte) !== match[index + 1])) return null;
  const [a, b, c, d] = bytes as [number, number, number, number];
  return [(a << 8) | b, (c << 8) | d];
}

function longestZeros(groups: IpGroups): [start: number, length: number] {
  let best: [number, number] = [0, 0];
  let start = 0;
  for (let at = 0; at <= GROUPS; at++) {
    if (groups[at] === 0) continue;
    if (at - start > best[1]) best = [start, at - start];
    start = at + 1;
  }
  return best;
}
