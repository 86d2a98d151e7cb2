import { z } from 'zod';
import { LOG_LEVELS } from '../ports/log-level.ts';
import { optional, setting } from './setting.ts';
import {
  choice,
  duration,
  fraction,
  httpHeader,
  integer,
  list,
  listenAddress,
  pushToken,
  size,
  text,
  toggle,
  url,
  urlOfHosts,
  wait,
} from './value-kind.ts';

const ORIGIN = text(
  'origin',
  (value) => /^(?:\*|[a-z][a-z0-9+.-]*:\/\/[^\s/?#@]+)$/i.test(value),
  'must be * or scheme://host[:port] without a path, such as https://app.example.com',
);
const NAMESPACE = text(
  'namespace',
  (value) => /^\/\S*$/.test(value),
  'must start with /, such as /chat or /rooms/*',
);
const NETWORK_SHAPE = z.union([z.cidrv4(), z.cidrv6(), z.ipv4(), z.ipv6()]);
const NETWORK = text(
  'network',
  (value) => NETWORK_SHAPE.safeParse(value).success,
  'must be a network or address, such as 10.0.0.0/8 or fd00::/8',
);
const BROKER = text(
  'host:port',
  (value) => /^(?:\[[0-9a-f:.]+\]|[^\s:,/[\]]+):\d{1,5}$/i.test(value),
  'must be host:port, such as kafka-1:9092',
);
const COOKIE = text(
  'cookie name',
  (value) => /^[A-Za-z0-9_.-]*$/.test(value),
  'must be a cookie name of A-Z a-z 0-9 _ . -',
);
const HOST = text(
  'host:port',
  (value) => /^\S*$/.test(value),
  'must be an address other nodes can reach, such as 10.0.3.7:7000',
);
const BEARER = text(
  'text',
  (value) => /^[A-Za-z0-9._~+/=-]*$/.test(value),
  'must fit into a bearer token: A-Z a-z 0-9 . _ ~ + / = -',
);
const ANY = Number.MAX_SAFE_INTEGER;

const CA_HELP = 'PEM file with the certificates that are trusted in place of the usual ones.';

/**
 * Every setting of Holdfast: its type, default, unit and reason. The loader, the reference page, `config print`
 * and the `Config` type are all made from this.
 */
export const CONFIG_SCHEMA = z.object({
  clients: z.object({
    listen: setting(listenAddress, '0.0.0.0:8080', 'Where clients connect.'),
    tls: z.object({
      cert: setting(
        text('path'),
        '',
        'PEM file with the certificate chain; empty serves plain HTTP. Read again on SIGHUP.',
      ),
      key: setting(text('path'), '', 'PEM file with the private key of `clients.tls.cert`.'),
    }),
    origins: setting(
      list(ORIGIN),
      '',
      'Origins whose pages may connect, besides those of the same origin. Checked on every handshake, poll and ' +
        'upgrade, because browsers send cookies along to any site. `*` allows every page and is refused together ' +
        'with `clients.cookie`.',
      { inDev: '*', empty: 'same origin' },
    ),
    trustedProxies: setting(
      list(NETWORK),
      '',
      'Networks whose `X-Forwarded-For` is believed. From anyone else it is ignored, or limits per address could be evaded.',
    ),
    compression: z.object({
      enabled: setting(
        toggle,
        'false',
        'Compress WebSocket messages (permessage-deflate). Off, because it costs memory per connection and CPU per message.',
      ),
      threshold: setting(
        size(),
        '1KB',
        'Messages below this size are sent as they are; compressing them gains nothing.',
      ),
    }),
    jsonp: setting(
      toggle,
      'false',
      'Answer JSONP polling of very old browsers. Off, because any page can read such an answer.',
    ),
    cookie: setting(
      COOKIE,
      '',
      'Name of a cookie (HttpOnly, SameSite=Lax) for load balancers with sticky sessions; empty sets none. It is never a credential.',
    ),
  }),
  push: z.object({
    listen: setting(listenAddress, '127.0.0.1:8081', 'Push API over HTTP/1.1, the short path.'),
    grpcListen: setting(
      listenAddress,
      '127.0.0.1:8082',
      'Push API and EventService for gRPC, gRPC-Web and Connect.',
    ),
    tokens: setting(
      list(pushToken),
      '',
      'Who may push. The name is recorded with every push. Empty lets everyone in and is allowed on loopback only.',
      { secret: true },
    ),
    maxBody: setting(size(), '1MB', 'Largest request of the push API.'),
  }),
  admin: z.object({
    listen: setting(
      listenAddress,
      '127.0.0.1:9090',
      'Health, metrics, inspection, log level and revoked tokens.',
    ),
    token: setting(
      BEARER,
      '',
      'Bearer token of the admin listener, except for /healthz and /readyz. Empty is allowed on loopback only.',
      { secret: true },
    ),
  }),
  engine: z.object({
    pingInterval: setting(
      wait,
      '25s',
      'Time between heartbeats; below the 60 s after which many proxies cut an idle connection.',
    ),
    pingTimeout: setting(
      wait,
      '20s',
      'How long an answer to a heartbeat may take, long enough for a phone that wakes up.',
    ),
    upgradeTimeout: setting(
      wait,
      '10s',
      'How long an upgrade from polling to WebSocket may take before it is given up.',
    ),
    maxPayload: setting(
      size(),
      '1MB',
      'Largest message or polling body of a client; a larger one closes its connection.',
    ),
    rehearsal: setting(
      toggle,
      'true',
      'Take a few thousand connections of its own on a private port of loopback before saying ready, because the first ' +
        'thousand clients of a cold process cost twice as much, and after a crash they all come at once.',
    ),
    maxPacketsPerPayload: setting(
      integer(1, 1_000_000),
      '4096',
      'Most packets in one polling body, because a megabyte of empty packets would hold up everybody else.',
    ),
  }),
  socketio: z.object({
    connectTimeout: setting(wait, '45s', 'How long a connection may stay without joining a namespace.'),
    namespaces: setting(
      list(NAMESPACE),
      '/',
      'Namespaces that exist; patterns (`/rooms/*`) are allowed. Others are refused.',
    ),
    maxAttachments: setting(
      integer(0, 10_000),
      '10',
      'Most binary attachments of one packet, as in socket.io-parser: the client only announces them and memory waits.',
    ),
  }),
  heartbeat: z.object({
    adaptive: z.object({
      enabled: setting(
        toggle,
        'false',
        'Let the time between heartbeats of a quiet, healthy connection grow, to save radio and battery.',
        { key: 'heartbeat.adaptive' },
      ),
      every: setting(
        integer(1, 1_000_000, 'beats'),
        '3',
        'Good beats before the interval grows by one step.',
      ),
      step: setting(wait, '5s', 'How much the interval grows at a time.'),
      max: optional(
        wait,
        'engine.pingInterval',
        'Longest interval. Clients are told this one as their pingInterval, so stock clients never notice the change.',
      ),
      retry: setting(
        wait,
        '1s',
        'Interval after a missed beat, to find out quickly whether the connection still lives.',
      ),
    }),
  }),
  sessions: z.object({
    maxPerUser: setting(
      integer(0, ANY, 'connections'),
      '0',
      'Most connections of one user; above it the oldest is closed. 0 = no limit.',
    ),
  }),
  limits: z.object({
    connection: z.object({
      messages: setting(
        integer(0, ANY, 'per second'),
        '0',
        'Messages a connection may send, on average. 0 = no limit.',
      ),
      burst: setting(
        integer(0, ANY, 'messages'),
        '0',
        'Messages a connection may send at once after a pause. 0 = what `limits.connection.messages` allows in a second.',
      ),
    }),
    address: z.object({
      connects: setting(
        integer(0, ANY, 'per second'),
        '0',
        'New connections from one address, on average. 0 = no limit.',
      ),
      burst: setting(
        integer(0, ANY, 'connections'),
        '0',
        'New connections from one address at once after a pause. 0 = what `limits.address.connects` allows in a second.',
      ),
      connections: setting(
        integer(0, ANY, 'connections'),
        '0',
        'Most open connections from one address. 0 = no limit; offices and mobile networks share addresses.',
      ),
    }),
  }),
  auth: z.object({
    mode: setting(
      choice('none', 'jwt', 'backend'),
      'none',
      'Who says who a client is: nobody, a signed token, or OnAuthenticate.',
    ),
    tokenWarning: setting(
      duration,
      '60s',
      'How long before a token expires the client gets the event `token expiring`, so that it can send a new one. 0s = never.',
    ),
    jwt: z.object({
      secret: setting(text(), '', 'Shared secret of HS256 tokens.', { secret: true }),
      jwksUrl: setting(
        url('https', 'http'),
        '',
        'Where the public keys of RS256, ES256 and EdDSA tokens are published.',
      ),
      issuer: setting(text(), '', 'Required `iss` of a token; empty accepts any.'),
      audience: setting(list(text()), '', 'Accepted `aud` of a token, one of these; empty accepts any.'),
      algorithms: setting(
        list(choice('HS256', 'RS256', 'ES256', 'EdDSA')),
        '',
        'Accepted algorithms; never what a token asks for.',
        { empty: 'HS256 with `auth.jwt.secret`, the others with `auth.jwt.jwksUrl`' },
      ),
    }),
  }),
  backend: z.object({
    url: setting(
      url('http', 'https', 'grpc', 'grpcs', 'http+proto', 'https+proto'),
      '',
      'Base URL of the backend: http(s):// speaks Connect JSON, http(s)+proto:// Connect protobuf, grpc(s):// gRPC. ' +
        'Empty = backends dial in by EventService.',
    ),
    timeout: setting(wait, '10s', 'How long one call may take before it counts as failed.'),
    secret: setting(
      text(),
      '',
      'Signs every request as Standard Webhooks (`whsec_…`); empty does not sign.',
      { secret: true },
    ),
    concurrency: setting(
      integer(1, 1_000_000, 'calls'),
      '256',
      'Most calls on the way at once; of one socket it is always one.',
    ),
    queue: z.object({
      perSocket: setting(
        integer(1, 10_000_000, 'records'),
        '1000',
        'Most records of one socket that wait for the backend; further messages of it are dropped and counted.',
      ),
      total: setting(
        integer(1, 100_000_000, 'records'),
        '100000',
        'Most records that wait in all, so that memory stays bounded.',
      ),
      maxBytes: setting(size(), '256MB', 'Most bytes of bodies that wait in all.'),
    }),
    retry: z.object({
      min: setting(wait, '100ms', 'Pause before the first retry; it doubles every time, with jitter.'),
      max: setting(wait, '10s', 'Longest pause between retries.'),
      deadline: setting(
        duration,
        '60s',
        'How long a message is retried before it is given up and counted. OnDisconnect is retried while the process lives.',
      ),
    }),
    breaker: z.object({
      failures: setting(
        integer(1, 1_000_000, 'calls'),
        '20',
        'Failed calls in a row after which calls pause (circuit breaker).',
      ),
      pause: setting(wait, '5s', 'How long calls pause before one is tried again.'),
    }),
    absentFor: setting(
      wait,
      '1m',
      'How long a method that answered 404 or unimplemented is not called again.',
    ),
  }),
  redis: z.object({
    url: setting(
      urlOfHosts('redis', 'rediss'),
      '',
      'Redis 7: one server, or some of the sentinels or of the nodes of a Cluster, separated by commas; `rediss://` for TLS. Empty, with no Kafka either = memory bus; alone = a cluster on Redis Streams.',
      { secret: true },
    ),
    master: setting(text(), '', 'Which master is meant when the sentinels watch several.'),
    ca: setting(text('path'), '', CA_HELP),
  }),
  kafka: z.object({
    brokers: setting(list(BROKER), '', 'Kafka, which carries the logs; needs `redis.url` for who is where.'),
    tls: setting(toggle, 'false', 'Speak TLS with the brokers.'),
    ca: setting(text('path'), '', CA_HELP),
    sasl: z.object({
      mechanism: setting(
        choice('none', 'plain', 'scram-sha-256', 'scram-sha-512'),
        'none',
        'How to log in to the brokers.',
      ),
      username: setting(text(), '', 'Who logs in to the brokers.'),
      password: setting(text(), '', 'Password for it.', { secret: true }),
    }),
    partitions: setting(
      integer(1, 10_000, 'partitions'),
      '16',
      'Partitions of `ws.upstream` and `ws.downstream` where they do not exist yet: the most API nodes that can share the load.',
    ),
    replication: setting(
      integer(0, 100, 'copies'),
      '0',
      'Copies of each topic where it does not exist yet. 0 = what the brokers have for default; 3 is what production wants.',
    ),
  }),
  cluster: z.object({
    nodeId: optional(
      integer(0, 1023),
      'leased',
      'Number of this node in its ids. Two nodes must never share one.',
    ),
    workers: setting(
      integer(1, 256, 'processes'),
      '1',
      'Processes that share the client port, each a node of its own. Their admin ports count up from that of `admin.listen`, where `/readyz` stands for all of them.',
    ),
    advertise: setting(
      HOST,
      '',
      'Address at which other nodes reach this one, with a port where it is not that of `cluster.listen`.',
      { empty: 'own address' },
    ),
    listen: setting(
      listenAddress,
      '0.0.0.0:0',
      'Where other nodes ask this one on behalf of clients that came to them. Port 0 = any free one, which they find in Redis.',
    ),
    leaseTtl: setting(
      wait,
      '10s',
      'How long a node keeps its number without renewing it. After that its sessions are gone for all others.',
    ),
  }),
  slowConsumer: z.object({
    maxBytes: setting(
      size(),
      '1MB',
      'Bytes that may wait for one client; above it the connection closes as `slow consumer`.',
    ),
    maxDelay: setting(wait, '10s', 'How long bytes may wait for one client without any being taken.'),
  }),
  drain: z.object({
    timeout: setting(
      wait,
      '30s',
      'How long closing connections may take after SIGTERM; handing over what was accepted may take 10s more. ' +
        'Keep the grace period of the orchestrator above both.',
    ),
    rate: setting(
      integer(1, 1_000_000, 'connections per second'),
      '500',
      'Pace at which connections are closed, so that they do not all knock at the next node at once. ' +
        'Raised when it would not be through within `drain.timeout`.',
    ),
  }),
  inspect: z.object({
    listen: setting(
      listenAddress,
      '0.0.0.0:0',
      'Where other nodes of a cluster ask this one on behalf of operators. Port 0 = any free one, which they find in Redis.',
    ),
    history: setting(
      integer(1, 100_000, 'frames'),
      '500',
      'Frames kept of the film of a watched connection: events of its machines, and packets.',
    ),
    maxWatched: setting(integer(1, 100_000, 'connections'), '100', 'Most connections watched at once.'),
    bodies: setting(
      toggle,
      'false',
      'Films show what is in packets, but for those that bear a session id or a token.',
    ),
  }),
  tracing: z.object({
    endpoint: setting(
      url('http', 'https'),
      '',
      'Collector that takes OTLP over HTTP, such as `http://collector:4318`; `/v1/traces` is added. ' +
        'Whoever uses it knows who talks to whom: keep the way to it private.',
      { empty: 'no traces' },
    ),
    sample: setting(
      fraction,
      '0.01',
      'Share of the traces that begin here, from 0 to 1. The same on all nodes, or traces have gaps. ' +
        'A `traceparent` of a push says for itself whether it is sampled.',
    ),
    headers: setting(list(httpHeader), '', 'Headers for the collector as `name:value`, such as a token.', {
      secret: true,
    }),
  }),
  log: z.object({
    level: setting(choice(...LOG_LEVELS), 'info', 'Changeable at run time by PUT /log/level and SIGHUP.'),
    format: setting(
      choice('auto', 'json', 'pretty'),
      'auto',
      'auto = pretty in a terminal, JSON everywhere else.',
    ),
  }),
});
