import type { Config } from './config.ts';
import { formatListenAddress, isLoopback, type ListenAddress } from './listen-address.ts';

/** A rule between settings. It is asked only when each of `keys` could be read by itself. */
export interface CrossCheck {
  /** The settings it looks at; a problem is reported at the first. */
  readonly keys: readonly [string, ...string[]];
  /** What would be right, or `null` when all is well. Must not repeat a secret. */
  readonly wrong: (config: Config) => string | null;
}

const LISTENERS = ['clients.listen', 'push.listen', 'push.grpcListen', 'admin.listen'] as const;
const PUBLIC_KEY_ALGORITHMS: readonly string[] = ['RS256', 'ES256', 'EdDSA'];

export const CROSS_CHECKS: readonly CrossCheck[] = [
  {
    keys: ['clients.tls.cert', 'clients.tls.key'],
    wrong: ({ clients: { tls } }) =>
      (tls.cert === '') === (tls.key === '')
        ? null
        : `clients.tls.cert and clients.tls.key go together; ${tls.cert === '' ? 'the certificate' : 'the key'} is missing`,
  },
  {
    keys: ['clients.origins', 'clients.cookie'],
    wrong: ({ clients }) =>
      clients.origins.includes('*') && clients.cookie !== ''
        ? 'must name the origins when clients.cookie is set; * would let any page use the cookie'
        : null,
  },
  {
    keys: ['push.tokens', 'push.listen', 'push.grpcListen'],
    wrong: ({ push }) =>
      push.tokens.length > 0 || (isLoopback(push.listen) && isLoopback(push.grpcListen))
        ? null
        : `needs at least one name:secret, because ${isLoopback(push.listen) ? `push.grpcListen ${formatListenAddress(push.grpcListen)}` : `push.listen ${formatListenAddress(push.listen)}`} can be reached from other machines`,
  },
  {
    keys: ['push.tokens'],
    wrong: ({ push }) => {
      const names = push.tokens.map(({ name }) => name);
      const twice = names.find((name, index) => names.indexOf(name) !== index);
      return twice === undefined ? null : `holds the name ${twice} twice; each caller needs its own`;
    },
  },
  {
    keys: ['admin.token', 'admin.listen'],
    wrong: ({ admin }) =>
      admin.token !== '' || isLoopback(admin.listen)
        ? null
        : `must be set, because admin.listen ${formatListenAddress(admin.listen)} can be reached from other machines`,
  },
  {
    keys: LISTENERS,
    wrong: (config) => {
      const taken: [string, ListenAddress][] = [];
      const { clients, push, admin } = config;
      const addresses = [clients.listen, push.listen, push.grpcListen, admin.listen];
      for (const [index, address] of addresses.entries()) {
        const other = taken.find(([, earlier]) => overlap(earlier, address));
        if (other !== undefined)
          return `${other[0]} and ${LISTENERS[index]} both ask for port ${address.port}`;
        taken.push([LISTENERS[index]!, address]);
      }
      return null;
    },
  },
  {
    keys: ['auth.mode', 'auth.jwt.secret', 'auth.jwt.jwksUrl'],
    wrong: ({ auth }) =>
      auth.mode !== 'jwt' || auth.jwt.secret !== '' || auth.jwt.jwksUrl !== ''
        ? null
        : 'jwt needs auth.jwt.secret (HS256) or auth.jwt.jwksUrl (RS256, ES256, EdDSA)',
  },
  {
    keys: ['backend.url'],
    wrong: ({ backend }) => {
      if (backend.url === '') return null;
      const { username, password, search } = new URL(backend.url);
      return username + password + search === ''
        ? null
        : 'must have neither user nor query; backend.secret signs every request';
    },
  },
  {
    keys: ['auth.mode', 'backend.url'],
    wrong: ({ auth, backend }) =>
      auth.mode === 'backend' && backend.url === ''
        ? 'backend needs backend.url, which is asked OnAuthenticate'
        : null,
  },
  {
    keys: ['auth.jwt.algorithms', 'auth.jwt.secret', 'auth.jwt.jwksUrl'],
    wrong: ({ auth: { jwt } }) => {
      if (jwt.algorithms.includes('HS256') && jwt.secret === '') {
        return 'HS256 needs auth.jwt.secret; keys of auth.jwt.jwksUrl are public and must not verify it';
      }
      const needsKeys = jwt.algorithms.find((algorithm) => PUBLIC_KEY_ALGORITHMS.includes(algorithm));
      return needsKeys !== undefined && jwt.jwksUrl === '' ? `${needsKeys} needs auth.jwt.jwksUrl` : null;
    },
  },
  {
    keys: ['kafka.brokers', 'redis.url'],
    wrong: ({ kafka, redis }) =>
      kafka.brokers.length > 0 && redis.url === ''
        ? 'needs redis.url as well: Kafka carries the logs, Redis knows who is where'
        : null,
  },
  {
    keys: ['heartbeat.adaptive.max', 'engine.pingInterval'],
    wrong: ({ heartbeat, engine }) =>
      heartbeat.adaptive.max < engine.pingInterval
        ? 'must be at least engine.pingInterval, from which the interval grows'
        : null,
  },
  {
    keys: ['heartbeat.adaptive.retry', 'engine.pingInterval'],
    wrong: ({ heartbeat: { adaptive }, engine }) =>
      adaptive.enabled && adaptive.retry > engine.pingInterval
        ? 'must be at most engine.pingInterval; it is the short interval after a missed beat'
        : null,
  },
  {
    keys: ['limits.connection.burst', 'limits.connection.messages'],
    wrong: ({ limits: { connection } }) =>
      connection.burst > 0 && connection.messages === 0
        ? 'has no effect without limits.connection.messages'
        : null,
  },
  {
    keys: ['limits.address.burst', 'limits.address.connects'],
    wrong: ({ limits: { address } }) =>
      address.burst > 0 && address.connects === 0 ? 'has no effect without limits.address.connects' : null,
  },
  {
    keys: ['backend.retry.min', 'backend.retry.max'],
    wrong: ({ backend: { retry } }) => (retry.min > retry.max ? 'must be at most backend.retry.max' : null),
  },
];

/** Things that are allowed and yet deserve a word. */
export const WARNINGS: readonly CrossCheck[] = [
  {
    keys: ['auth.jwt.secret'],
    wrong: ({ auth: { jwt } }) =>
      jwt.secret !== '' && Buffer.byteLength(jwt.secret) < 32
        ? 'is shorter than 32 bytes, the least RFC 7518 §3.2 allows for HS256; it can be guessed'
        : null,
  },
  {
    keys: ['heartbeat.adaptive', 'heartbeat.adaptive.max', 'engine.pingInterval'],
    wrong: ({ heartbeat: { adaptive }, engine }) =>
      adaptive.enabled && adaptive.max === engine.pingInterval
        ? 'never lets the interval grow; set heartbeat.adaptive.max above engine.pingInterval'
        : null,
  },
];

function overlap(one: ListenAddress, other: ListenAddress): boolean {
  if (one.port !== other.port || one.port === 0) return false;
  return one.host === other.host || isEverywhere(one) || isEverywhere(other);
}

function isEverywhere({ host }: ListenAddress): boolean {
  return host === '0.0.0.0' || host === '::';
}
