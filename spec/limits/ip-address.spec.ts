import { isIP, SocketAddress } from 'node:net';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { addressNetwork, formatIpAddress, parseIpAddress } from '../../src/runtime/limits/ip-address.ts';

function canonical(text: string): string | null {
  const groups = parseIpAddress(text);
  return groups === null ? null : formatIpAddress(groups);
}

describe('an IP address', () => {
  it.each([
    ['127.0.0.1', '127.0.0.1'],
    ['255.255.255.255', '255.255.255.255'],
    ['::1', '::1'],
    ['::', '::'],
    ['2001:DB8::0:1', '2001:db8::1'],
    ['2001:0db8:0000:0000:0001:0000:0000:0001', '2001:db8::1:0:0:1'],
    ['1:0:2:0:3:0:4:0', '1:0:2:0:3:0:4:0'],
    ['fe80::', 'fe80::'],
    ['::ffff:203.0.113.7', '203.0.113.7'],
    ['0000:0000:0000:0000:0000:ffff:cb00:7107', '203.0.113.7'],
    ['64:ff9b::192.0.2.33', '64:ff9b::c000:221'],
  ])('%s is written %s', (text, written) => {
    expect(canonical(text)).toBe(written);
  });

  it.each([
    '',
    'localhost',
    '1.2.3',
    '1.2.3.4.5',
    '256.1.1.1',
    '01.2.3.4',
    '1.2.3.4 ',
    '0x7f.0.0.1',
    '2130706433',
    ':',
    ':::',
    '1::2::3',
    '1:2:3:4:5:6:7',
    '1:2:3:4:5:6:7:8:9',
    '1:2:3:4:5:6:7::8',
    '::12345',
    '::g',
    'fe80::1%eth0',
    '1.2.3.4::',
    ':1::',
    '::1:',
    '1'.repeat(100),
  ])('is not %j', (text) => {
    expect(parseIpAddress(text)).toBeNull();
  });

  it('is what node takes for one, and written as node writes it', () => {
    const group = fc.oneof(
      fc.constant('0'),
      fc.integer({ min: 0, max: 0xffff }).map((n) => n.toString(16)),
    );
    const shaped = fc.oneof(
      fc.array(group, { minLength: 8, maxLength: 8 }).map((groups) => groups.join(':')),
      fc
        .tuple(fc.array(group, { maxLength: 5 }), fc.array(group, { maxLength: 5 }))
        .map(([head, tail]) => `${head.join(':')}::${tail.join(':')}`),
      fc
        .array(fc.integer({ min: 0, max: 300 }), { minLength: 3, maxLength: 5 })
        .map((bytes) => bytes.join('.')),
      fc.string({ unit: fc.constantFrom(...'0123456789abf:.'), maxLength: 20 }),
    );
    fc.assert(
      fc.property(shaped, (text) => {
        const written = canonical(text);
        expect(written !== null).toBe(isIP(text) !== 0);
        if (written === null) return;
        const family = isIP(written) === 4 ? 'ipv4' : 'ipv6';
        expect(canonical(written)).toBe(written);
        // Node writes some addresses with an IPv4 tail; those are read back instead.
        const byNode = new SocketAddress({ address: written, family }).address;
        expect(canonical(byNode)).toBe(written);
        if (!byNode.includes('.')) expect(byNode).toBe(written);
      }),
      { numRuns: 1_000 },
    );
  });

  it('belongs to a /64 in IPv6 and to itself in IPv4', () => {
    expect(addressNetwork('2001:db8:1:2:3:4:5:6')).toBe('2001:db8:1:2::');
    expect(addressNetwork('203.0.113.7')).toBe('203.0.113.7');
    expect(addressNetwork('::ffff:203.0.113.7')).toBe('203.0.113.7');
    expect(addressNetwork('not:an:address')).toBe('not:an:address');
  });
});
