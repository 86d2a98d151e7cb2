import { createInterface } from 'node:readline';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { NodeProcess } from '../support/node-process.ts';
import { type ExampleProcess, run, startBackend, stop } from './example-process.ts';

let backend: ExampleProcess;
let node: NodeProcess;

beforeAll(async () => {
  backend = await startBackend([
    process.execPath,
    '--import',
    'tsx',
    'examples/backend-typescript/server.ts',
  ]);
  node = await NodeProcess.start({ 'backend.url': backend.url });
});

afterAll(async () => {
  await node?.stop();
  await backend?.stop();
});

it('sends each line as one frame and prints each frame that comes back', async () => {
  const url = `${node.addresses.clientsUrl.replace('http', 'ws')}/ws`;
  const client = run([process.execPath, 'examples/websocket-client/client.js', url]);
  const lines = createInterface({ input: client.stdout })[Symbol.asyncIterator]();
  let complaints = '';
  client.stderr.on('data', (chunk) => {
    complaints += chunk;
  });
  try {
    const welcome = await lines.next();
    expect(welcome.value, complaints + node.output).toMatch(/^\d+$/);
    client.stdin.write('ahoy\n');
    const echoed = await lines.next();
    expect(echoed.value).toBe('ahoy');
  } finally {
    await stop(client);
  }
});
