import { describe, expect, it } from 'vitest';
import { CONFIG_KEYS, KEYS_BY_NAME } from '../../src/runtime/config/config-key.ts';
import { describeProblem } from '../../src/runtime/config/config-problem.ts';
import type { GivenValue } from '../../src/runtime/config/given-value.ts';
import {
  defaultOf,
  type FailedConfig,
  type LoadedConfig,
  loadConfig,
  type Role,
} from '../../src/runtime/config/load-config.ts';

interface Given {
  flags?: Record<string, string>;
  environment?: Record<string, string>;
  file?: string;
  role?: Role;
}

function load({ flags = {}, environment = {}, file, role = 'gateway' }: Given = {}) {
  const values = Object.entries(flags).map(
    ([flag, raw]): GivenValue => ({ key: KEYS_BY_NAME.get(flag)!, raw, origin: { from: 'flag', flag } }),
  );
  return loadConfig({
    role,
    flags: { values, problems: [] },
    environment,
    file: file === undefined ? null : { path: 'holdfast.yaml', text: file },
  });
}

function loaded(given: Given = {}): LoadedConfig {
  const result = load(given);
  if (!result.ok) throw new Error(result.problems.map(describeProblem).join('\n'));
  return result;
}

function problems(given: Given): string[] {
  const result = load(given);
  expect(result.ok).toBe(false);
  return (result as FailedConfig).problems.map(describeProblem);
}

describe('defaults', () => {
  it('are those of the contract', () => {
    const { config } = loaded();
    expect(config.clients.listen).toEqual({ host: '0.0.0.0', port: 8080 });
    expect(config.push.listen).toEqual({ host: '127.0.0.1', port: 8081 });
    expect(config.push.grpcListen).toEqual({ host: '127.0.0.1', port: 8082 });
    expect(config.admin.listen).toEqual({ host: '127.0.0.1', port: 9090 });
    expect(config.engine).toMatchObject({
      pingInterval: 25_000,
      pingTimeout: 20_000,
      upgradeTimeout: 10_000,
      maxPayload: 1_000_000,
    });
    expect(config.socketio).toMatchObject({ connectTimeout: 45_000, namespaces: ['/'] });
    expect(config.heartbeat.adaptive).toEqual({
      enabled: false,
      every: 3,
      step: 5000,
      max: 25_000,
      retry: 1000,
    });
    expect(config.sessions.maxPerUser).toBe(0);
    expect(config.auth.mode).toBe('none');
    expect(config.backend).toMatchObject({ url: '', timeout: 10_000, secret: '' });
    expect(config.slowConsumer).toEqual({ maxBytes: 1_000_000, maxDelay: 10_000 });
    expect(config.cluster).toMatchObject({ nodeId: null, workers: 1, advertise: '' });
    expect(config.log.level).toBe('info');
  });

  it('can each be read by the setting they belong to', () => {
    for (const key of CONFIG_KEYS) expect(() => defaultOf(key, 'dev'), key.key).not.toThrow();
  });

  it('allow pages of the same origin only, except in dev, which allows all', () => {
    expect(loaded({ role: 'gateway' }).config.clients.origins).toEqual([]);
    expect(loaded({ role: 'dev' }).config.clients.origins).toEqual(['*']);
    expect(
      loaded({ role: 'dev', file: 'clients: {origins: [https://a.example]}' }).config.clients.origins,
    ).toEqual(['https://a.example']);
  });

  it('let the longest adaptive interval follow engine.pingInterval', () => {
    expect(loaded({ file: 'engine.pingInterval: 40s' }).config.heartbeat.adaptive.max).toBe(40_000);
  });
});

describe('the loaded configuration', () => {
  it('is frozen to its depths', () => {
    const { config } = loaded({ flags: { 'push.tokens': 'ci:s3cret' } });
    const writable = config as unknown as { push: { tokens: { name: string }[] } };
    expect(() => writable.push.tokens.push({ name: 'x' })).toThrow(TypeError);
    expect(() => {
      writable.push.tokens[0]!.name = 'x';
    }).toThrow(TypeError);
  });

  it('gives every key a variable of its own', () => {
    expect(new Set(CONFIG_KEYS.map(({ variable }) => variable)).size).toBe(CONFIG_KEYS.length);
    expect(KEYS_BY_NAME.get('auth.jwt.jwksUrl')!.variable).toBe('HOLDFAST_AUTH_JWT_JWKS_URL');
    expect(KEYS_BY_NAME.get('sessions.maxPerUser')!.variable).toBe('HOLDFAST_SESSIONS_MAX_PER_USER');
  });
});

describe('precedence', () => {
  const file = 'engine:\n  pingInterval: 30s\n';
  const environment = { HOLDFAST_ENGINE_PING_INTERVAL: '20s' };
  const flags = { 'engine.pingInterval': '10s' };

  it('takes the flag over the variable over the file, and knows where the value came from', () => {
    expect(loaded({ file }).config.engine.pingInterval).toBe(30_000);
    expect(loaded({ file }).origins.get('engine.pingInterval')).toEqual({
      from: 'file',
      path: 'holdfast.yaml',
      line: 2,
    });
    expect(loaded({ file, environment }).config.engine.pingInterval).toBe(20_000);
    const all = loaded({ file, environment, flags });
    expect(all.config.engine.pingInterval).toBe(10_000);
    expect(all.origins.get('engine.pingInterval')).toEqual({ from: 'flag', flag: 'engine.pingInterval' });
  });
});

describe('values', () => {
  it.each([
    ['300ms', 300],
    ['25s', 25_000],
    ['1.5s', 1500],
    ['2m', 120_000],
    ['1h', 3_600_000],
  ])('reads the duration %s', (text, milliseconds) => {
    expect(loaded({ flags: { 'auth.tokenWarning': text } }).config.auth.tokenWarning).toBe(milliseconds);
  });

  it.each(['25', '25 parsecs', '-5s', '', '1e3s', '0.5ms', '30d', '∞'])(
    'refuses %j as a duration',
    (text) => {
      expect(problems({ flags: { 'engine.pingInterval': text } })).toHaveLength(1);
    },
  );

  it('says which unit a bare number probably lacks', () => {
    expect(problems({ file: 'engine.pingInterval: 25' })).toEqual([
      'engine.pingInterval (holdfast.yaml:1): "25" has no unit; write 25s or 25ms',
    ]);
    expect(problems({ environment: { HOLDFAST_ENGINE_PING_INTERVAL: '25000' } })).toEqual([
      'engine.pingInterval (variable HOLDFAST_ENGINE_PING_INTERVAL): "25000" has no unit; write 25000ms or 25s',
    ]);
  });

  it('refuses a wait of no time at all', () => {
    expect(problems({ flags: { 'engine.pingTimeout': '0s' } })[0]).toContain('must be longer than 0');
  });

  it.each([
    ['1MB', 1_000_000],
    ['1 mb', 1_000_000],
    ['64KB', 64_000],
    ['64KiB', 65_536],
    ['1.5MiB', 1_572_864],
    ['512', 512],
  ])('reads the size %s', (text, bytes) => {
    expect(loaded({ environment: { HOLDFAST_ENGINE_MAX_PAYLOAD: text } }).config.engine.maxPayload).toBe(
      bytes,
    );
  });

  it.each(['1XB', '-1', '0', '2GiB', '0.3B'])('refuses %j as the largest payload', (text) => {
    expect(problems({ flags: { 'engine.maxPayload': text } })).toHaveLength(1);
  });

  it('takes a bare number in a file as bytes', () => {
    expect(loaded({ file: '{"engine": {"maxPayload": 2000000}}' }).config.engine.maxPayload).toBe(2_000_000);
  });

  it.each([
    ['0.0.0.0:8080', { host: '0.0.0.0', port: 8080 }],
    [':8080', { host: '0.0.0.0', port: 8080 }],
    ['[::1]:0', { host: '::1', port: 0 }],
    ['localhost:1', { host: 'localhost', port: 1 }],
  ])('listens on %s', (text, address) => {
    expect(loaded({ flags: { 'clients.listen': text } }).config.clients.listen).toEqual(address);
  });

  it.each(['8080', 'localhost', '::1:8080', '1.2.3.4:70000', 'http://x:80', '1.2.3.4:80/'])(
    'refuses to listen on %s',
    (text) => {
      expect(problems({ flags: { 'clients.listen': text } })[0]).toContain('write host:port');
    },
  );

  it('splits lists at commas in variables and takes sequences in files', () => {
    const origins = ['https://a.example', 'https://b.example:8443'];
    expect(
      loaded({ environment: { HOLDFAST_CLIENTS_ORIGINS: origins.join(', ') } }).config.clients.origins,
    ).toEqual(origins);
    expect(
      loaded({ file: `clients:\n  origins:\n    - ${origins.join('\n    - ')}` }).config.clients.origins,
    ).toEqual(origins);
    expect(
      loaded({ role: 'dev', environment: { HOLDFAST_CLIENTS_ORIGINS: '' } }).config.clients.origins,
    ).toEqual([]);
  });

  it('takes networks and addresses as trusted proxies, and nothing like them', () => {
    const proxies = '10.0.0.0/8,192.168.1.1,fd00::/8,::1';
    expect(
      loaded({ flags: { 'clients.trustedProxies': proxies } }).config.clients.trustedProxies,
    ).toHaveLength(4);
    expect(problems({ flags: { 'clients.trustedProxies': '10.0.0.0/33' } })).toHaveLength(1);
    expect(problems({ flags: { 'clients.trustedProxies': '10.0.0,proxy' } })).toHaveLength(2);
  });

  it('names the item of a list that is wrong', () => {
    expect(problems({ flags: { 'clients.origins': 'https://a.example,b.example' } })[0]).toContain(
      'item 2 must be * or scheme://host',
    );
  });

  it('refuses a number where text is meant, because YAML would have changed it', () => {
    expect(problems({ file: 'auth.jwt.issuer: 0123' })[0]).toContain('must be text; put it in quotes');
  });

  it('accepts heartbeat.adaptive as a boolean and as a section', () => {
    const adaptive = (given: Given) => loaded(given).config.heartbeat.adaptive;
    expect(adaptive({ file: 'heartbeat:\n  adaptive: true' }).enabled).toBe(true);
    expect(adaptive({ file: 'heartbeat: {adaptive: {enabled: true, every: 5}}' })).toMatchObject({
      enabled: true,
      every: 5,
    });
    expect(adaptive({ file: 'heartbeat: {adaptive: {every: 5}}' })).toMatchObject({
      enabled: false,
      every: 5,
    });
    expect(adaptive({ file: 'heartbeat.adaptive: true\nheartbeat.adaptive.every: 4' })).toMatchObject({
      enabled: true,
      every: 4,
    });
    const environment = { HOLDFAST_HEARTBEAT_ADAPTIVE: 'true', HOLDFAST_HEARTBEAT_ADAPTIVE_EVERY: '7' };
    expect(adaptive({ environment })).toMatchObject({ enabled: true, every: 7 });
  });

  it('takes HS256 for a secret and the public-key algorithms for published keys', () => {
    const algorithms = (file: string) => loaded({ file }).config.auth.jwt.algorithms;
    expect(algorithms('auth.jwt.secret: hunter2')).toEqual(['HS256']);
    expect(algorithms('auth.jwt.jwksUrl: https://id.example/keys')).toEqual(['RS256', 'ES256', 'EdDSA']);
    expect(algorithms('{auth.jwt.jwksUrl: "https://id.example/keys", auth.jwt.algorithms: [EdDSA]}')).toEqual(
      ['EdDSA'],
    );
  });
});

describe('unknown names', () => {
  it.each([
    ['HOLDFAST_ENGINE_PINGINTERVAL', 'HOLDFAST_ENGINE_PING_INTERVAL'],
    ['HOLDFAST_LOGLEVEL', 'HOLDFAST_LOG_LEVEL'],
    ['HOLDFAST_CONFIGS', 'HOLDFAST_CONFIG'],
  ])('names the variable %s and the nearest known one', (variable, known) => {
    expect(problems({ environment: { [variable]: 'sekrit' } })).toEqual([
      `${variable}: unknown variable; the nearest known one is ${known}`,
    ]);
  });

  it('leaves other variables and those of a Kubernetes Service alone', () => {
    const link = {
      HOLDFAST_SERVICE_HOST: '10.0.0.1',
      HOLDFAST_SERVICE_PORT_CLIENTS: '8080',
      HOLDFAST_PORT: 'tcp://10.0.0.1:8080',
      HOLDFAST_PORT_8080_TCP_ADDR: '10.0.0.1',
    };
    expect(load({ environment: { PATH: '/bin', KUBERNETES_SERVICE_HOST: '10.0.0.2', ...link } }).ok).toBe(
      true,
    );
    expect(problems({ environment: link })).toHaveLength(4);
  });

  it('names the key of a file with its line and the nearest known one', () => {
    expect(problems({ file: 'engine:\n  pingInterval: 10s\n  pingTimout: 5s\npingInterval: 3s' })).toEqual([
      'engine.pingTimout (holdfast.yaml:3): unknown key; the nearest known one is engine.pingTimeout',
      'pingInterval (holdfast.yaml:4): unknown key; the nearest known one is engine.pingInterval',
    ]);
  });
});

describe('errors', () => {
  it('are reported all at once, each with key, source, value and what would be right', () => {
    const found = problems({
      flags: { 'engine.pingInterval': 'soon' },
      environment: { HOLDFAST_LOG_LEVEL: 'loud', HOLDFAST_X: '1' },
      file: 'sessions: {maxPerUser: -1}\nkafka: {brokers: [k:9092]}',
    });
    expect(found).toHaveLength(5);
    expect(found.join('\n')).toContain(
      'engine.pingInterval (flag --engine.pingInterval): "soon" is not a duration',
    );
    expect(found.join('\n')).toContain(
      'log.level (variable HOLDFAST_LOG_LEVEL): "loud" must be one of debug, info, warn, error, silent',
    );
    expect(found.join('\n')).toContain('sessions.maxPerUser (holdfast.yaml:1): "-1" must be a whole number');
    expect(found.join('\n')).toContain('kafka.brokers (holdfast.yaml:2): needs redis.url');
  });

  it.each<Given>([
    { file: 'push.tokens: [sekrit]' },
    { file: 'push: {tokens: ["ci:sekrit sekrit"]}' },
    { environment: { HOLDFAST_ADMIN_TOKEN: 'sekrit "' } },
    { environment: { HOLDFAST_ADMIN_TOKN: 'sekrit' } },
    { file: 'auth: {jwt: {secret: {sekrit: 1}}}' },
    { file: 'auth:\n  jwt:\n    secret: *sekrit' },
    { file: 'auth:\n  jwt:\n    secret: "sekrit\n x: [' },
    { flags: { 'redis.url': 'redsi://u:sekrit@h' } },
    { flags: { 'backend.url': 'ftp://u:sekrit@h/x' } },
  ])('never repeat a secret: %j', (given) => {
    const found = problems(given);
    expect(found.length).toBeGreaterThan(0);
    expect(found.join('\n')).not.toContain('sekrit');
  });

  it.each([
    '- a\n- b',
    'a: [',
    'just text',
    'engine: 5',
    'engine: {pingInterval: }',
    'engine: {pingInterval: {a: 1}}',
  ])('refuse the file %j', (file) => {
    expect(problems({ file })).toHaveLength(1);
  });

  it('refuse a key that a file gives twice, also in its two spellings', () => {
    expect(problems({ file: 'log.level: info\nlog: {level: debug}' })).toEqual([
      'log.level (holdfast.yaml:2): is given twice in this file',
    ]);
    expect(problems({ file: 'log: {level: debug}\nlog: {level: info}' })[0]).toContain('duplicate key');
  });
});

describe('rules between settings', () => {
  it.each([
    [
      'a certificate without its key',
      { 'clients.tls.cert': 'a.pem' },
      'clients.tls.key go together; the key is missing',
    ],
    ['a key without its certificate', { 'clients.tls.key': 'a.pem' }, 'the certificate is missing'],
    [
      'any origin together with a cookie',
      { 'clients.origins': '*', 'clients.cookie': 'hf' },
      'must name the origins',
    ],
    [
      'an open push API',
      { 'push.listen': '0.0.0.0:8081' },
      'push.listen 0.0.0.0:8081 can be reached from other machines',
    ],
    ['an open gRPC port', { 'push.grpcListen': ':8082' }, 'push.grpcListen 0.0.0.0:8082 can be reached'],
    ['an open admin port', { 'admin.listen': '10.1.2.3:9090' }, 'admin.listen 10.1.2.3:9090 can be reached'],
    ['two callers of one name', { 'push.tokens': 'ci:a,ci:b' }, 'holds the name ci twice'],
    [
      'two listeners on one port',
      { 'admin.listen': '127.0.0.1:8080' },
      'clients.listen and admin.listen both ask for port 8080',
    ],
    ['jwt without a key', { 'auth.mode': 'jwt' }, 'jwt needs auth.jwt.secret'],
    ['backend mode without a backend', { 'auth.mode': 'backend' }, 'needs backend.url'],
    [
      'HS256 with published keys',
      { 'auth.mode': 'jwt', 'auth.jwt.jwksUrl': 'https://id.example/k', 'auth.jwt.algorithms': 'HS256' },
      'HS256 needs auth.jwt.secret',
    ],
    [
      'RS256 with a secret',
      { 'auth.jwt.secret': 'x', 'auth.jwt.algorithms': 'RS256' },
      'RS256 needs auth.jwt.jwksUrl',
    ],
    ['Kafka alone', { 'kafka.brokers': 'k:9092' }, 'needs redis.url'],
    [
      'an adaptive interval that shrinks',
      { 'heartbeat.adaptive.max': '5s' },
      'must be at least engine.pingInterval',
    ],
    [
      'a retry slower than the beat',
      { 'heartbeat.adaptive': 'true', 'heartbeat.adaptive.retry': '1m' },
      'must be at most',
    ],
    ['a burst without a rate', { 'limits.connection.burst': '5' }, 'has no effect'],
    ['a burst of connects without a rate', { 'limits.address.burst': '5' }, 'has no effect'],
    [
      'a user in the address of the backend',
      { 'backend.url': 'https://me:hunter2@backend.example' },
      'must have neither user nor query',
    ],
    [
      'retries that start above their end',
      { 'backend.retry.min': '20s' },
      'must be at most backend.retry.max',
    ],
  ] as [string, Record<string, string>, string][])('refuse %s', (_, flags, message) => {
    const found = problems({ flags });
    expect(found).toHaveLength(1);
    expect(found[0]).toContain(message);
  });

  it('allow tokens to open what loopback need not protect', () => {
    const flags = {
      'push.listen': ':8081',
      'push.tokens': 'ci:abc',
      'admin.listen': ':9090',
      'admin.token': 'abc',
    };
    expect(load({ flags }).ok).toBe(true);
    expect(load({ flags: { 'push.listen': '[::1]:1', 'admin.listen': 'localhost:2' } }).ok).toBe(true);
    expect(load({ flags: { 'kafka.brokers': 'k:9092', 'redis.url': 'redis://r' } }).ok).toBe(true);
  });

  it('are not asked about a value that could not be read', () => {
    expect(problems({ flags: { 'auth.mode': 'jwt', 'auth.jwt.jwksUrl': 'nonsense' } })).toHaveLength(1);
  });

  it('warn about a secret that can be guessed and an interval that cannot grow', () => {
    expect(loaded({ flags: { 'auth.jwt.secret': 'short' } }).warnings.map(describeProblem)).toEqual([
      expect.stringContaining('shorter than 32 bytes'),
    ]);
    expect(loaded({ flags: { 'heartbeat.adaptive': 'true' } }).warnings.map(describeProblem)).toEqual([
      expect.stringContaining('never lets the interval grow'),
    ]);
  });
});
