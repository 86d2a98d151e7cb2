import { describe, expect, it } from 'vitest';
import { advertisedAddress } from '../../src/node/advertised-address.ts';
import { ownAddress } from '../../src/node/own-address.ts';

const BOUND = { host: '0.0.0.0', port: 7000 };

describe('the address at which other nodes reach this one', () => {
  it.each([
    ['10.0.3.7:7100', '10.0.3.7:7100'],
    ['10.0.3.7', '10.0.3.7:7000'],
    ['gateway-0.gateways', 'gateway-0.gateways:7000'],
    ['[fd00::1]:7100', '[fd00::1]:7100'],
    ['fd00::1', '[fd00::1]:7000'],
    ['[fd00::1]', '[fd00::1]:7000'],
    [':7100', `${ownAddress('0.0.0.0')}:7100`],
    ['', `${ownAddress('0.0.0.0')}:7000`],
  ])('is, when told %s, %s', (advertise, address) => {
    expect(advertisedAddress(advertise, BOUND)).toBe(address);
  });

  it('is the one it listens on when that is one', () => {
    expect(advertisedAddress('', { host: '127.0.0.1', port: 7000 })).toBe('127.0.0.1:7000');
  });
});
