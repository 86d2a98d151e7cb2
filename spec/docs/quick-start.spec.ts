import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { NodeProcess } from '../support/node-process.ts';
import { codeBlocks, ROOT, readDocument } from './document.ts';

/** The README's quick start, run as it stands; only the ports are others. */
const [, section = ''] = readDocument('README.md').split(/^## Quick start$/m);
const blocks = codeBlocks(section.split(/^## /m)[0]!);
const backendCode = blocks.find(({ comment }) => comment === 'backend.mjs')?.text ?? '';
const clientCode = blocks.find(({ comment }) => comment === 'client.mjs')?.text ?? '';
const curl = blocks.find(({ text }) => text.startsWith('curl '))?.text ?? '';

let node: NodeProcess;
const children: ChildProcess[] = [];

beforeAll(async () => {
  const port = await freePort();
  start(backendCode.replace('3000', String(port)));
  node = await NodeProcess.start({ 'backend.url': `http://127.0.0.1:${port}` });
});

afterAll(async () => {
  for (const child of children) child.kill();
  await node?.stop();
});

it('gets the acknowledgement of the backend, its event, and what curl pushes', async () => {
  const client = start(clientCode.replace('http://localhost:8080', node.addresses.clientsUrl));
  let output = '';
  const printed = async (text: string) => {
    while (!output.includes(text)) await once(client.stdout!, 'data');
  };
  client.stdout!.on('data', (chunk) => {
    output += chunk;
  });
  await printed('heard');
  await printed('chat: hello');
  const command = curl.replace('http://127.0.0.1:8081', node.addresses.pushUrl);
  const { stdout } = await promisify(execFile)('sh', ['-c', command]);
  expect(JSON.parse(stdout)).toEqual({ messageId: expect.stringMatching(/^\d+$/) });
  await printed('chat: from outside');
});

function start(code: string): ChildProcess {
  const child = spawn(process.execPath, ['--input-type=module', '-e', code], { cwd: ROOT });
  children.push(child);
  return child;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
