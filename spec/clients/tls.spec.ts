import { copyFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect, type TLSSocket } from 'node:tls';
import { io } from 'socket.io-client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type RunningNode, startNode } from '../support/node.ts';
import { type ClientSocket, next } from './client-socket.ts';

/** Two self-signed pairs for `localhost`, made for these tests and of no use elsewhere. */
const CERTIFICATES = join(import.meta.dirname, '../support/certificates');

describe('TLS', () => {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-tls-'));
  const install = (name: 'first' | 'second') => {
    copyFileSync(join(CERTIFICATES, `${name}.crt`), join(folder, 'tls.crt'));
    copyFileSync(join(CERTIFICATES, `${name}.key`), join(folder, 'tls.key'));
  };
  const ca = (name: 'first' | 'second') => readFileSync(join(CERTIFICATES, `${name}.crt`));
  let node: RunningNode;

  beforeAll(async () => {
    install('first');
    node = await startNode({
      'clients.tls.cert': join(folder, 'tls.crt'),
      'clients.tls.key': join(folder, 'tls.key'),
    });
  });
  afterAll(async () => {
    await node?.close();
    rmSync(folder, { recursive: true });
  });

  const shakeHands = (options: object) =>
    new Promise<TLSSocket>((resolve, reject) => {
      const { port } = new URL(node.clientsUrl);
      const socket = connect({ host: '127.0.0.1', port: Number(port), ...options }, () => resolve(socket));
      socket.once('error', reject);
    });

  const exchange = async (name: 'first' | 'second') => {
    for (const transports of [['websocket'], ['polling']]) {
      const socket = io(node.clientsUrl, {
        transports,
        forceNew: true,
        reconnection: false,
        ca: ca(name),
      } as object) as unknown as ClientSocket;
      await next(socket, 'auth');
      socket.emit('message', 'over TLS');
      expect(await next(socket, 'message-back')).toEqual(['over TLS']);
      socket.disconnect();
    }
  };

  it('serves wss and https', async () => {
    expect(node.clientsUrl).toMatch(/^https:/);
    await exchange('first');
  });

  it('speaks TLS 1.2 and newer only', async () => {
    for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
      const socket = await shakeHands({ ca: ca('first'), minVersion: version, maxVersion: version });
      expect(socket.getProtocol()).toBe(version);
      socket.destroy();
    }
    const old = {
      ca: ca('first'),
      minVersion: 'TLSv1',
      maxVersion: 'TLSv1.1',
      ciphers: 'DEFAULT@SECLEVEL=0',
    };
    await expect(shakeHands(old)).rejects.toThrow();
  });

  it('takes a new certificate on SIGHUP and keeps those who are connected', async () => {
    const socket = io(node.clientsUrl, {
      transports: ['websocket'],
      forceNew: true,
      ca: ca('first'),
    } as object) as unknown as ClientSocket;
    await next(socket, 'auth');
    install('second');
    node.process.signal('SIGHUP');
    await sleep(500);
    await exchange('second');
    socket.emit('message', 'still here');
    expect(await next(socket, 'message-back')).toEqual(['still here']);
    socket.disconnect();
  });
});
