import { BlockList } from 'node:net';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TrustedProxies } from '../../src/runtime/limits/trusted-proxies.ts';

const CLIENT = '198.51.100.23';

describe("the client's address", () => {
  it('is the peer when nobody is trusted, whatever the header says', () => {
    const proxies = new TrustedProxies([]);
    expect(proxies.trusts('10.0.0.1')).toBe(false);
    expect(proxies.clientAddress('10.0.0.1', CLIENT)).toBe('10.0.0.1');
  });

  it('is the peer when the peer is not trusted', () => {
    const proxies = new TrustedProxies(['10.0.0.0/8']);
    expect(proxies.clientAddress('203.0.113.9', CLIENT)).toBe('203.0.113.9');
  });

  it('is what a trusted proxy says', () => {
    const proxies = new TrustedProxies(['10.0.0.0/8', '2001:db8::/32', '192.0.2.1']);
    for (const peer of ['10.255.0.1', '::ffff:10.0.0.1', '2001:db8::1', '192.0.2.1']) {
      expect(proxies.trusts(peer)).toBe(true);
      expect(proxies.clientAddress(peer, CLIENT)).toBe(CLIENT);
    }
    expect(proxies.clientAddress('10.0.0.1', '2001:DB9:0::1')).toBe('2001:db9::1');
  });

  it('is the last one that is no proxy of ours: what stands before it the client may have written', () => {
    const proxies = new TrustedProxies(['10.0.0.0/8']);
    expect(proxies.clientAddress('10.0.0.1', `1.1.1.1, 127.0.0.1, ${CLIENT} , 10.0.0.9`)).toBe(CLIENT);
  });

  it('is the farthest proxy when all are ours', () => {
    const proxies = new TrustedProxies(['10.0.0.0/8']);
    expect(proxies.clientAddress('10.0.0.1', '10.0.0.3, 10.0.0.2')).toBe('10.0.0.3');
    expect(proxies.clientAddress('10.0.0.1', '')).toBe('10.0.0.1');
  });

  it('is the nearest known one when the header goes on with nonsense', () => {
    const proxies = new TrustedProxies(['10.0.0.0/8']);
    for (const hop of ['unknown', '_hidden', '', '1.2.3', 'x'.repeat(10_000)]) {
      expect(proxies.clientAddress('10.0.0.1', `1.1.1.1, ${hop}, 10.0.0.2`)).toBe('10.0.0.2');
    }
  });

  it('may come with a port', () => {
    const proxies = new TrustedProxies(['10.0.0.0/8']);
    expect(proxies.clientAddress('10.0.0.1', `${CLIENT}:52011`)).toBe(CLIENT);
    expect(proxies.clientAddress('10.0.0.1', '[2001:db9::5]:443')).toBe('2001:db9::5');
    expect(proxies.clientAddress('10.0.0.1', '[2001:db9::5]')).toBe('2001:db9::5');
  });

  it('is not looked for in a chain without end', () => {
    const proxies = new TrustedProxies(['10.0.0.0/8']);
    expect(proxies.clientAddress('10.0.0.1', `${CLIENT},${'10.0.0.7,'.repeat(1_000)}10.0.0.8`)).toBe(
      '10.0.0.7',
    );
  });

  it('is in a network exactly when node:net says so', () => {
    const v4 = fc.tuple(fc.ipV4(), fc.integer({ min: 0, max: 32 }), fc.constant('ipv4' as const));
    const v6 = fc.tuple(
      fc
        .array(fc.integer({ min: 0, max: 0xffff }), { minLength: 8, maxLength: 8 })
        .map((groups) => groups.map((group) => group.toString(16)).join(':')),
      fc.integer({ min: 0, max: 128 }),
      fc.constant('ipv6' as const),
    );
    fc.assert(
      fc.property(fc.oneof(v4, v6), fc.nat({ max: 127 }), ([address, prefix, family], bit) => {
        const list = new BlockList();
        list.addSubnet(address, prefix, family);
        const proxies = new TrustedProxies([`${address}/${prefix}`]);
        const near = flip(address, bit, family);
        for (const peer of [address, near]) expect(proxies.trusts(peer)).toBe(list.check(peer, family));
      }),
      { numRuns: 1_000 },
    );
  });

  it.each([
    '10.0.0.0/33',
    '::/129',
    '10.0.0.0/',
    '10.0.0.0/8/8',
    '10.0.0.0/-1',
    'proxy.local',
    '',
    '10.0.0.0/1e1',
  ])('cannot be configured with %j', (network) => {
    expect(() => new TrustedProxies([network])).toThrow(
      expect.objectContaining({ code: 'invalid_argument' }),
    );
  });
});

/** The address with one bit turned over. */
function flip(address: string, bit: number, family: 'ipv4' | 'ipv6'): string {
  if (family === 'ipv4') {
    const bytes = address.split('.').map(Number);
    bytes[(bit >> 3) & 3]! ^= 1 << (bit & 7);
    return bytes.join('.');
  }
  const groups = address.split(':').map((group) => Number.parseInt(group, 16));
  groups[bit >> 4]! ^= 1 << (bit & 15);
  return groups.map((group) => group.toString(16)).join(':');
}
