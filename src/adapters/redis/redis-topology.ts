import { Redis, type RedisOptions } from 'ioredis';
import { HoldfastError } from '../../runtime/errors/holdfast-error.ts';
import type { HostAndPort, RedisAddress } from './redis-address.ts';

/** What answers at `redis.url`. */
export type RedisTopology =
  | { readonly kind: 'single' }
  | { readonly kind: 'cluster' }
  /** `master` is what the sentinels call it; `locked` sentinels want the password, too. */
  | { readonly kind: 'sentinel'; readonly master: string; readonly locked: boolean };

/** Options that every connection has, such as TLS and credentials. */
export type SharedOptions = Pick<RedisOptions, 'tls' | 'username' | 'password' | 'connectTimeout'>;

/**
 * Asks the first host that answers what it is, so that nobody has to say it. Rejects with the last host's error, or
 * `invalid_argument` when the sentinels watch several masters and `master` does not say which is meant.
 */
export async function findTopology(
  { hosts }: RedisAddress,
  shared: SharedOptions,
  master: string,
): Promise<RedisTopology> {
  let failure: unknown;
  for (const host of hosts) {
    try {
      return await ask(host, shared, master, true);
    } catch (error) {
      if (error instanceof HoldfastError) throw error;
      failure = error;
      if (!isRefusal(error)) continue;
      try {
        // Sentinels are often open although what they watch is not.
        const open = { ...shared };
        delete open.username;
        delete open.password;
        const found = await ask(host, open, master, false);
        if (found.kind === 'sentinel') return found;
      } catch (other) {
        if (other instanceof HoldfastError) throw other;
      }
    }
  }
  throw failure;
}

async function ask(
  { host, port }: HostAndPort,
  shared: SharedOptions,
  master: string,
  locked: boolean,
): Promise<RedisTopology> {
  const probe = new Redis({
    ...shared,
    host,
    port,
    lazyConnect: true,
    retryStrategy: () => null,
    maxRetriesPerRequest: 0,
    commandTimeout: shared.connectTimeout ?? 5_000,
  });
  let refusal: Error | null = null;
  probe.on('error', (error: Error) => {
    refusal = error;
  });
  try {
    await probe.connect();
    const info = await probe.info('server');
    const mode = /redis_mode:(\w+)/.exec(info)?.[1];
    if (mode === 'cluster') return { kind: 'cluster' };
    if (mode !== 'sentinel') return { kind: 'single' };
    return { kind: 'sentinel', master: oneOf(await mastersOf(probe), master), locked };
  } catch (error) {
    throw refusal ?? error;
  } finally {
    probe.disconnect();
  }
}

async function mastersOf(probe: Redis): Promise<readonly string[]> {
  const masters = (await probe.call('SENTINEL', 'MASTERS')) as string[][];
  return masters.map((facts) => facts[facts.indexOf('name') + 1]!);
}

function oneOf(masters: readonly string[], wanted: string): string {
  if (wanted !== '' && masters.includes(wanted)) return wanted;
  if (wanted === '' && masters.length === 1) return masters[0]!;
  const watched = masters.join(', ') || 'none';
  const why = wanted === '' ? 'redis.master has to say which master is meant' : `redis.master is ${wanted}`;
  throw new HoldfastError('invalid_argument', `${why}; the sentinels watch ${watched}`);
}

function isRefusal(error: unknown): boolean {
  return error instanceof Error && /WRONGPASS|NOAUTH|AUTH/.test(error.message);
}
