import { expect, it } from 'vitest';
import { describeNodes } from '../../src/node/describe-nodes.ts';
import type { NodeRecord } from '../../src/runtime/ports/lease-store.ts';
import { nodeRecord } from './scripted-lease-store.ts';

const node = (role: NodeRecord['role'], load: NodeRecord['load'] = {}): NodeRecord =>
  nodeRecord(1, { role, load });

it.each([
  ['0 gateways, 1 api node', [node('api')]],
  ['1 gateway (1 drains), 0 api nodes', [node('gateway', { draining: 1 })]],
  [
    '3 gateways (2 drain), 2 api nodes',
    [
      node('gateway', { draining: 1 }),
      node('gateway', { draining: 0 }),
      node('api'),
      node('gateway', { draining: 1 }),
      node('api', { draining: 0 }),
    ],
  ],
] as const)('nodes are counted by role, and those that drain said: %s', (words, nodes) => {
  expect(describeNodes(nodes)).toBe(words);
});
