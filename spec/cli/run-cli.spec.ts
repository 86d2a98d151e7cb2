import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { exportJWK, generateKeyPair, type JWTPayload, SignJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Cli } from '../../src/cli/cli.ts';
import { COMMANDS, runCli } from '../../src/cli/run-cli.ts';
import type { Config } from '../../src/runtime/config/config.ts';
import { CONFIG_KEYS } from '../../src/runtime/config/config-key.ts';
import type { LoadResult, Role } from '../../src/runtime/config/load-config.ts';
import { referencePage } from '../../src/runtime/config/reference-page.ts';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'holdfast-cli-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

interface Outcome {
  code: number;
  out: string;
  err: string;
  started: Config[];
  role: Role | null;
  reload: (() => LoadResult) | null;
}

async function run(
  line: string | string[],
  environment: Record<string, string> = {},
  cli: Partial<Cli> = {},
) {
  const outcome: Outcome = { code: -1, out: '', err: '', started: [], role: null, reload: null };
  const argv = typeof line === 'string' ? line.split(' ').filter(Boolean) : line;
  outcome.code = await runCli(argv, environment, {
    startNode: async (role, config, reload) => {
      outcome.started.push(config);
      outcome.role = role;
      outcome.reload = reload;
      return 0;
    },
    createTopics: async () => ['ws.upstream'],
    out: (text) => {
      outcome.out += text;
    },
    err: (text) => {
      outcome.err += text;
    },
    readStdin: async () => '',
    ...cli,
  });
  return outcome;
}

function file(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

describe('holdfast', () => {
  it('answers --help everywhere', async () => {
    const top = await run('--help');
    expect(top.code).toBe(0);
    for (const { words } of COMMANDS) {
      expect(top.out).toContain(`  ${words.join(' ')}  `);
      const own = await run([...words, '--help']);
      expect(own.code).toBe(0);
      expect(own.out).toContain(`holdfast ${words.join(' ')}:`);
      expect((await run([...words, '-h'])).out).toBe(own.out);
    }
    expect((await run('config --help')).out).toContain('config print');
  });

  it('lists every setting in the help of dev', async () => {
    const { out } = await run('dev --help');
    for (const { key } of CONFIG_KEYS) expect(out).toMatch(new RegExp(`--${key.replaceAll('.', '\\.')}[ <]`));
  });

  it('answers --version everywhere', async () => {
    const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };
    for (const line of ['--version', '-v', 'dev --version', 'token create --version']) {
      expect(await run(line)).toMatchObject({ code: 0, out: `holdfast ${version}\n` });
    }
  });

  it('shows the help and fails with 2 when nothing was asked', async () => {
    expect(await run('')).toMatchObject({ code: 2, out: '' });
    expect((await run('token')).err).toContain('token verify');
  });

  it.each([
    ['dve', '"dve": unknown command; the nearest known one is dev'],
    ['config chekc', '"config chekc": unknown command; the nearest known one is config check'],
    [
      'dev --engine.pingIntervall 10s',
      '--engine.pingIntervall: unknown flag; the nearest known one is --engine.pingInterval',
    ],
    ['dev --pingTimeout=10s', '--pingTimeout: unknown flag; the nearest known one is --engine.pingTimeout'],
    [
      'dev --heartbeat.adaptive.enabled',
      '--heartbeat.adaptive.enabled: unknown flag; the nearest known one is --heartbeat.adaptive',
    ],
    ['dev -p 80', '-p: unknown flag'],
    ['dev --log.level', '--log.level: needs a value'],
    ['dev --log.level --clients.jsonp', '--log.level: needs a value'],
    ['config docs --verson', '--verson: unknown flag; the nearest known one is --version'],
    ['config docs --for dev', '--for: holdfast config docs has no use for it'],
    ['dev --user u1', '--user: holdfast dev has no use for it'],
    ['dev extra', 'too many words'],
    ['config check --for prod', '--for: "prod" must be one of dev, gateway, api'],
  ])('refuses "%s" with exit code 2', async (line, message) => {
    const outcome = await run(line);
    expect(outcome).toMatchObject({ code: 2, out: '', started: [] });
    expect(outcome.err).toContain(message);
    expect(outcome.err.trim().split('\n').length).toBeLessThanOrEqual(2);
  });

  it('names an unknown variable and the nearest known one, with exit code 2', async () => {
    const outcome = await run('dev', { HOLDFAST_LOGLEVEL: 'debug' });
    expect(outcome).toMatchObject({ code: 2, started: [] });
    expect(outcome.err).toContain(
      'HOLDFAST_LOGLEVEL: unknown variable; the nearest known one is HOLDFAST_LOG_LEVEL',
    );
  });

  it('reports problems of the command line, the environment and the file together', async () => {
    const path = file('three.yaml', 'engine:\n  pingInterval: 25\n');
    const outcome = await run(`dev --nope 1 --config ${path}`, { HOLDFAST_NOPE: '1' });
    expect(outcome.err.trim().split('\n')).toHaveLength(3);
  });

  it('does not repeat a secret that lacks quotes or has its flag misspelt', async () => {
    expect((await run('dev --admin.token my sekrit')).err).not.toContain('sekrit');
    expect((await run('dev --admin.tokn sekrit')).err).not.toContain('sekrit');
    expect((await run('dev --admin.tokn=sekrit')).err).not.toContain('sekrit');
    expect((await run(['dev', '--push.tokens', 'sekrit'])).err).not.toContain('sekrit');
  });
});

describe('holdfast dev', () => {
  it('starts a node with the settings of flags, environment and file', async () => {
    const path = file('dev.yaml', 'engine: {pingInterval: 30s, pingTimeout: 9s}\nsessions.maxPerUser: 3');
    const { code, started } = await run(`dev --engine.pingInterval 10s --config=${path}`, {
      HOLDFAST_ENGINE_PING_TIMEOUT: '8s',
    });
    expect(code).toBe(0);
    expect(started[0]!.engine).toMatchObject({ pingInterval: 10_000, pingTimeout: 8000 });
    expect(started[0]!.sessions.maxPerUser).toBe(3);
    expect(started[0]!.clients.origins).toEqual(['*']);
  });

  it('takes flags before the command, boolean flags alone or with a value, and adds up lists', async () => {
    const { started } = await run([
      '--log.level=warn',
      'dev',
      '--heartbeat.adaptive',
      '--clients.jsonp',
      'false',
      '--clients.origins=https://a.example',
      '--clients.origins',
      'https://b.example',
      '--heartbeat.adaptive.every',
      '9',
    ]);
    expect(started[0]!.log.level).toBe('warn');
    expect(started[0]!.heartbeat.adaptive).toMatchObject({ enabled: true, every: 9 });
    expect(started[0]!.clients.jsonp).toBe(false);
    expect(started[0]!.clients.origins).toEqual(['https://a.example', 'https://b.example']);
  });

  it('takes the last of two values for one setting', async () => {
    expect((await run('dev --log.level=warn --log.level=error')).started[0]!.log.level).toBe('error');
  });

  it('reads the file named by HOLDFAST_CONFIG, and again when asked to reload', async () => {
    const path = file('reload.yaml', 'log.level: warn');
    const { started, reload } = await run('dev', { HOLDFAST_CONFIG: path });
    expect(started[0]!.log.level).toBe('warn');
    writeFileSync(path, 'log.level: debug');
    expect(reload!()).toMatchObject({ ok: true, config: { log: { level: 'debug' } } });
    writeFileSync(path, 'log.level: loud');
    expect(reload!()).toMatchObject({ ok: false });
  });

  it('says so when the file cannot be read', async () => {
    const outcome = await run('dev --config /nowhere/holdfast.yaml');
    expect(outcome.code).toBe(2);
    expect(outcome.err).toContain('--config: cannot be read: ENOENT');
  });

  it('refuses Redis and several workers instead of quietly going without', async () => {
    const redis = await run('dev', { HOLDFAST_REDIS_URL: 'redis://r' });
    expect(redis).toMatchObject({ code: 2, started: [] });
    expect(redis.err).toContain(
      'redis.url (variable HOLDFAST_REDIS_URL): holdfast dev runs on the memory bus',
    );
    expect(await run('dev --cluster.workers 2')).toMatchObject({ code: 2, started: [] });
  });

  it('ends with 1 and the reason when the node cannot start', async () => {
    const startNode = () => Promise.reject(new Error('clients.listen: port 8080 is taken'));
    expect(await run('dev', {}, { startNode })).toMatchObject({
      code: 1,
      err: 'holdfast dev: clients.listen: port 8080 is taken\n',
    });
  });
});

describe('commands of a cluster', () => {
  it.each([
    ['gateway', 'needs redis.url'],
    ['api', 'needs redis.url'],
    ['topics create', 'needs kafka.brokers'],
  ])('%s says what it needs', async (line, message) => {
    const outcome = await run(line);
    expect(outcome).toMatchObject({ code: 2, started: [] });
    expect(outcome.err).toContain(message);
  });

  it.each(['gateway', 'api'])('%s runs that role with redis.url', async (role) => {
    const outcome = await run(`${role} --redis.url redis://127.0.0.1:6379`);
    expect(outcome).toMatchObject({ code: 0, role, err: '' });
    expect(outcome.started[0]!.redis.url).toBe('redis://127.0.0.1:6379');
  });

  it('gateway takes several workers, each of which leases a number of its own', async () => {
    const settings = '--redis.url redis://127.0.0.1:6379 --cluster.workers 2';
    expect(await run(`gateway ${settings}`)).toMatchObject({ code: 0, role: 'gateway' });
    const numbered = await run(`gateway ${settings} --cluster.nodeId 3`);
    expect(numbered).toMatchObject({ code: 2, started: [] });
    expect(numbered.err).toContain('cluster.nodeId');
    const api = await run(`api ${settings}`);
    expect(api).toMatchObject({ code: 2, started: [] });
    expect(api.err).toContain('cluster.workers');
  });
});

describe('holdfast config', () => {
  it('check prints OK', async () => {
    expect(await run('config check')).toMatchObject({ code: 0, out: 'OK\n', err: '' });
  });

  it('check finds files that cannot be read', async () => {
    const outcome = await run(
      'config check --clients.tls.cert /nowhere/a.pem --clients.tls.key /nowhere/b.pem',
    );
    expect(outcome.code).toBe(2);
    expect(outcome.err).toContain('clients.tls.key: "/nowhere/b.pem" cannot be read');
  });

  it('print shows values with their source, for the defaults of the role asked for', async () => {
    const { out } = await run('config print --admin.token sekrit --engine.pingInterval=10s');
    expect(out).toMatch(/^engine\.pingInterval: 10s +# flag --engine\.pingInterval$/m);
    expect(out).not.toContain('sekrit');
    expect(out).toMatch(/^clients\.origins: \[\] /m);
    expect((await run('config print --for dev')).out).toMatch(/^clients\.origins: \["\*"\] /m);
  });

  it('docs prints the reference page, whatever the environment holds', async () => {
    expect(await run('config docs', { HOLDFAST_NOPE: '1' })).toMatchObject({ code: 0, out: referencePage() });
  });
});

describe('holdfast token', () => {
  const secret = 'a secret of at least thirty-two bytes';
  const environment = {
    HOLDFAST_AUTH_JWT_SECRET: secret,
    HOLDFAST_AUTH_JWT_ISSUER: 'https://id.example',
    HOLDFAST_AUTH_JWT_AUDIENCE: 'holdfast',
  };

  it('create makes a token that verify accepts', async () => {
    const created = await run('token create --user u1 --expires 2h', environment);
    expect(created.code).toBe(0);
    const verified = await run(['token', 'verify', created.out.trim()], environment);
    expect(verified.code).toBe(0);
    const claims = JSON.parse(verified.out) as Record<string, unknown>;
    expect(claims).toMatchObject({ sub: 'u1', iss: 'https://id.example', aud: 'holdfast' });
    expect(Number(claims.exp) - Number(claims.iat)).toBe(7200);
    const piped = await run('token verify', environment, { readStdin: async () => created.out });
    expect(piped.out).toBe(verified.out);
  });

  it('create says everything it lacks', async () => {
    const outcome = await run('token create --expires 60');
    expect(outcome.code).toBe(2);
    expect(outcome.err).toContain('auth.jwt.secret: must be set');
    expect(outcome.err).toContain('--user: must name the user');
    expect(outcome.err).toContain('--expires: "60" has no unit; write 60s or 60ms');
  });

  it('verify tells why a token is not accepted, with exit code 1', async () => {
    const key = new TextEncoder().encode(secret);
    const sign = (expires: number, issuer: string, signer = key, claims: JWTPayload = { sub: 'u1' }) =>
      new SignJWT(claims)
        .setProtectedHeader({ alg: 'HS256' })
        .setIssuer(issuer)
        .setAudience('holdfast')
        .setExpirationTime(expires)
        .sign(signer);
    const later = Math.floor(Date.now() / 1000) + 60;
    const cases: [string, string][] = [
      [await sign(1, 'https://id.example'), 'not accepted: expired at 1970-01-01T00:00:01.000Z'],
      [await sign(later, 'https://evil.example'), 'not accepted: unexpected "iss" claim value'],
      [
        await sign(later, 'https://id.example', new TextEncoder().encode('x'.repeat(32))),
        'the signature does not match',
      ],
      [await sign(later, 'https://id.example', key, {}), 'it names no user'],
      [await sign(later, 'https://id.example', key, { sub: 'u\n1' }), 'control characters'],
      [await sign(later, 'https://id.example', key, { sub: 'u'.repeat(257) }), 'more than 256 characters'],
      [await sign(later, 'https://id.example', key, { sub: 'u1', x: 'x'.repeat(16_384) }), 'more than 16384'],
      ['nonsense', 'not accepted: '],
      [`${btoa('{"alg":"none"}')}.${btoa('{"sub":"u1"}')}.`, '"alg" (Algorithm) Header Parameter'],
    ];
    for (const [token, message] of cases) {
      const outcome = await run(['token', 'verify', token], environment);
      expect(outcome).toMatchObject({ code: 1, out: '' });
      expect(outcome.err).toContain(message);
    }
  });

  it('verify forgives the clock of who issues tokens what the gateway forgives', async () => {
    const startsIn = (seconds: number) =>
      new SignJWT({ sub: 'u1' })
        .setProtectedHeader({ alg: 'HS256' })
        .setIssuer('https://id.example')
        .setAudience('holdfast')
        .setNotBefore(Math.floor(Date.now() / 1000) + seconds)
        .sign(new TextEncoder().encode(secret));
    expect(await run(['token', 'verify', await startsIn(4)], environment)).toMatchObject({
      code: 0,
      err: '',
    });
    expect((await run(['token', 'verify', await startsIn(30)], environment)).err).toContain('"nbf" claim');
  });

  it('verify says when published keys cannot be fetched', async () => {
    const flags = ['--auth.jwt.jwksUrl', 'http://127.0.0.1:1/keys'];
    const { privateKey } = await generateKeyPair('ES256');
    const token = await new SignJWT({ sub: 'u2' }).setProtectedHeader({ alg: 'ES256' }).sign(privateKey);
    const outcome = await run(['token', 'verify', token, ...flags]);
    expect(outcome).toMatchObject({ code: 1, out: '' });
    expect(outcome.err).toContain('not accepted: no key set could be fetched from http://127.0.0.1:1/keys');
  });

  it('verify fetches published keys, and takes no shared secret for one of them', async () => {
    const { publicKey, privateKey } = await generateKeyPair('ES256');
    const jwk = { ...(await exportJWK(publicKey)), kid: 'k1' };
    const server = createServer((_, response) => response.end(JSON.stringify({ keys: [jwk] })));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    try {
      const jwksUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/keys`;
      const token = await new SignJWT({ sub: 'u2' })
        .setProtectedHeader({ alg: 'ES256', kid: 'k1' })
        .sign(privateKey);
      const flags = ['--auth.jwt.jwksUrl', jwksUrl];
      expect((await run(['token', 'verify', token, ...flags])).out).toContain('"sub": "u2"');
      const forged = await new SignJWT({ sub: 'u2' })
        .setProtectedHeader({ alg: 'HS256', kid: 'k1' })
        .sign(new TextEncoder().encode(JSON.stringify(jwk)));
      expect(await run(['token', 'verify', forged, ...flags])).toMatchObject({ code: 1, out: '' });
    } finally {
      server.close();
    }
  });
});
