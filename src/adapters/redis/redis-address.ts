import { HoldfastError } from '../../runtime/errors/holdfast-error.ts';

export interface HostAndPort {
  readonly host: string;
  readonly port: number;
}

/** What `redis.url` says. */
export interface RedisAddress {
  readonly isEncrypted: boolean;
  /** Empty for the default user. */
  readonly username: string;
  /** Empty for none. */
  readonly password: string;
  readonly hosts: readonly HostAndPort[];
  readonly database: number;
}

const SHAPE = /^(rediss?):\/\/(?:([^@/]*)@)?([^@/?]+)(?:\/(\d*))?$/;

/** Reads `redis[s]://[[user]:password@]host[:port][,host[:port]…][/database]`. Throws `invalid_argument`. */
export function redisAddress(text: string): RedisAddress {
  const [, scheme, credentials = '', hosts = '', database = ''] = SHAPE.exec(text) ?? [];
  const parsed = hosts.split(',').map(hostAndPort);
  if (scheme === undefined || parsed.includes(null)) {
    throw new HoldfastError('invalid_argument', 'redis.url is not a Redis URL');
  }
  const colon = credentials.indexOf(':');
  const [username, password] =
    colon < 0 ? [credentials, ''] : [credentials.slice(0, colon), credentials.slice(colon + 1)];
  return {
    isEncrypted: scheme === 'rediss',
    username: decodeURIComponent(username),
    password: decodeURIComponent(password),
    hosts: parsed as HostAndPort[],
    database: Number(database),
  };
}

function hostAndPort(text: string): HostAndPort | null {
  const url = `redis://${text.trim()}`;
  if (text.trim() === '' || !URL.canParse(url)) return null;
  const { hostname, port } = new URL(url);
  return { host: hostname.replace(/^\[|\]$/g, ''), port: Number(port || 6379) };
}
