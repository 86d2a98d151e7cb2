import type { Config } from '../runtime/config/config.ts';
import { AddressLimits } from '../runtime/limits/address-limits.ts';
import { TokenBuckets } from '../runtime/limits/token-bucket.ts';
import type { Clock } from '../runtime/ports/clock.ts';

/** What one address may open, and one connection send, by `limits.*`; null where there is no limit. */
export function limitsFor({ limits }: Config, clock: Clock) {
  const { connection, address } = limits;
  return {
    addressLimits:
      address.connects === 0 && address.connections === 0 ? null : new AddressLimits({ clock, ...address }),
    messageLimits:
      connection.messages === 0
        ? null
        : new TokenBuckets({ clock, rate: connection.messages, burst: connection.burst }),
  };
}
