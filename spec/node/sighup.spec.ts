import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect } from 'node:tls';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { NodeProcess } from '../support/node-process.ts';

/** Two self-signed pairs for `localhost`, made for tests and of no use elsewhere. */
const CERTIFICATES = join(import.meta.dirname, '../support/certificates');

describe('a node told by SIGHUP that its settings have changed', () => {
  let folder: string;
  let node: NodeProcess | null = null;
  const file = () => join(folder, 'holdfast.yaml');
  const write = (text: string) => writeFileSync(file(), `log:\n  format: json\n${text}`);
  const start = async (settings: Readonly<Record<string, string>> = {}) => {
    node = await NodeProcess.start({ config: file(), ...settings });
    return node;
  };
  const level = async () => {
    const answer = await fetch(`${node!.addresses.adminUrl}/log/level`);
    return ((await answer.json()) as { level: string }).level;
  };
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'holdfast-hangup-'));
  });
  afterEach(async () => {
    await node?.stop();
    rmSync(folder, { recursive: true });
  });

  it('takes the new log level', async () => {
    write('  level: warn\n');
    const running = await start();
    expect(await level()).toBe('warn');
    write('  level: debug\n');
    running.signal('SIGHUP');
    await until(async () => (await level()) === 'debug');
  });

  it('leaves everything as it was when the file has an error, and says so', async () => {
    write('  level: info\n');
    const running = await start();
    write('  level: loud\n');
    running.signal('SIGHUP');
    await until(async () => running.output.includes('SIGHUP: the configuration has errors'));
    expect(await level()).toBe('info');
    expect((await fetch(`${running.addresses.adminUrl}/readyz`)).status).toBe(200);
  });

  it('keeps the old certificate when the new one is unusable', async () => {
    write('  level: info\n');
    const pair = { cert: join(folder, 'tls.crt'), key: join(folder, 'tls.key') };
    copyFileSync(join(CERTIFICATES, 'first.crt'), pair.cert);
    copyFileSync(join(CERTIFICATES, 'first.key'), pair.key);
    const running = await start({ 'clients.tls.cert': pair.cert, 'clients.tls.key': pair.key });
    const port = Number(new URL(running.addresses.clientsUrl).port);
    expect(await certificateAt(port)).toEqual(derOf('first'));

    writeFileSync(pair.cert, 'not a certificate');
    running.signal('SIGHUP');
    await until(async () => running.output.includes('SIGHUP: the certificates are unusable'));
    expect(await certificateAt(port)).toEqual(derOf('first'));

    copyFileSync(join(CERTIFICATES, 'second.crt'), pair.cert);
    copyFileSync(join(CERTIFICATES, 'second.key'), pair.key);
    running.signal('SIGHUP');
    // A connection that the kernel has queued for the old listener is reset when that goes; the next one is served.
    await until(async () => derOf('second').equals(await certificateAt(port).catch(() => Buffer.alloc(0))));
  });
});

async function until(holds: () => Promise<boolean>, ms = 5000): Promise<void> {
  const end = Date.now() + ms;
  while (!(await holds())) {
    if (Date.now() > end) throw new Error(`it has not happened within ${ms} ms`);
    await sleep(10);
  }
}

/** DER of the certificate a server shows. */
function certificateAt(port: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', port, rejectUnauthorized: false }, () => {
      resolve(socket.getPeerCertificate().raw);
      socket.destroy();
    });
    socket.once('error', reject);
  });
}

function derOf(name: 'first' | 'second'): Buffer {
  const [, body = ''] = /-----BEGIN CERTIFICATE-----([^-]+)/.exec(
    readFileSync(join(CERTIFICATES, `${name}.crt`), 'utf8'),
  )!;
  return Buffer.from(body, 'base64');
}
