import { request } from 'node:http';
import { connect, type Socket } from 'node:net';
import type { Config } from '../runtime/config/config.ts';
import type { Log } from '../runtime/ports/log.ts';
import { type Ports, SingleNode } from './single-node.ts';

/**
 * Connections of each round. What the engine compiles for the only object of its kind is thrown away when a second
 * one appears; so a short first round comes before the one that leaves compiled what every connection runs through.
 */
const ROUNDS = [200, 2_500];
const AT_ONCE = 40;
const PUSHES = 400;

/**
 * Runs a node of its own on loopback through a few thousand connections, messages and pushes, and throws it away.
 *
 * A process that has just started runs cold code at twice the price, and it starts when it is needed most: after a
 * crash or a roll-out, with everybody reconnecting at once. So it rehearses before it says that it is ready.
 */
export async function rehearse(config: Config): Promise<void> {
  for (const connections of ROUNDS) await round(config, connections);
}

async function round(config: Config, connections: number): Promise<void> {
  const node = new SingleNode({
    config: rehearsalOf(config),
    log: SILENCE,
    logLevel: { level: () => 'silent', setLevel: () => {} },
    version: 'rehearsal',
    demo: null,
  });
  const ports = await node.start();
  try {
    await callInTurn(connections, AT_ONCE, () => connection(ports));
    const held = await Promise.all(Array.from({ length: AT_ONCE }, () => holdConnection(ports)));
    await callInTurn(PUSHES, AT_ONCE, () => push(ports));
    for (const socket of held) socket.destroy();
  } finally {
    node.drain();
    await node.stopped;
  }
}

/** The same settings, but nobody else can reach it and it reaches nobody. */
function rehearsalOf(config: Config): Config {
  const nowhere = { host: '127.0.0.1', port: 0 };
  return {
    ...config,
    clients: { ...config.clients, listen: nowhere, tls: { cert: '', key: '' } },
    push: { ...config.push, listen: nowhere, grpcListen: nowhere, tokens: [] },
    admin: { ...config.admin, listen: nowhere },
    auth: { ...config.auth, mode: 'none' },
    backend: { ...config.backend, url: '' },
    limits: { connection: { messages: 0, burst: 0 }, address: { connects: 0, burst: 0, connections: 0 } },
    drain: { timeout: 1_000, rate: 1_000_000 },
  };
}

async function callInTurn(times: number, atOnce: number, call: () => Promise<void>): Promise<void> {
  let left = times;
  const worker = async () => {
    while (left-- > 0) await call();
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
}

async function connection(ports: Ports): Promise<void> {
  const socket = await holdConnection(ports);
  socket.write(EVENT);
  await new Promise<void>((resolve) => {
    socket.once('close', () => resolve());
    socket.end();
  });
}

/** Opens a WebSocket and joins `/`; resolves when CONNECT was answered. */
function holdConnection({ clients }: Ports): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port: clients, host: '127.0.0.1', noDelay: true });
    let received = '';
    socket.setEncoding('latin1');
    socket.write(UPGRADE);
    socket.once('error', reject);
    socket.on('data', (chunk: string) => {
      received += chunk;
      if (received.includes('40{')) {
        socket.removeAllListeners('data').resume();
        resolve(socket);
      } else if (received.includes('"sid"')) {
        received = '';
        socket.write(CONNECT);
      }
    });
  });
}

function push({ push: port }: Ports): Promise<void> {
  return new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/json' };
    const call = request({ port, host: '127.0.0.1', method: 'POST', path: EMIT, headers }, (response) => {
      response.resume().once('end', () => resolve());
    });
    call.once('error', reject);
    call.end(EMIT_EVERYONE);
  });
}

/** A client's text frame (RFC 6455 §5.2), masked with zeros. */
function frame(text: string): Buffer {
  return Buffer.concat([Buffer.from([0x81, 0x80 | text.length, 0, 0, 0, 0]), Buffer.from(text)]);
}

const UPGRADE =
  'GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n' +
  'Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n';
const CONNECT = frame('40');
const EVENT = frame('42["rehearsal",{"text":"as on the night","number":1}]');
const EMIT = '/holdfast.v1.PushService/Emit';
const EMIT_EVERYONE = JSON.stringify({
  to: { everyone: true },
  event: 'rehearsal',
  args: [{ text: 'hello' }],
});

const SILENCE: Log = {
  debug: () => {},
  info: () => {},
  warn: () => {},
  error: () => {},
  child: () => SILENCE,
};
