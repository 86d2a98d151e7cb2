import { createRequire } from 'node:module';
import { expect, it } from 'vitest';
import '../../src/adapters/kafka/kafkajs.ts';

const require = createRequire(import.meta.url);
/** The library's own, mended. */
const OffsetManager = require('kafkajs/src/consumer/offsetManager/index.js') as new (
  parts: object,
) => { commitOffsets(offsets: object): Promise<void> };

function offsetsAt(coordinator: object, findGroupCoordinator: (group: object) => Promise<object>) {
  return new OffsetManager({
    cluster: { committedOffsets: () => ({}), refreshMetadata: async () => {}, findGroupCoordinator },
    coordinator,
    memberAssignment: { 'ws.upstream': [0] },
    instrumentationEmitter: { emit: () => {} },
    topicConfigurations: {},
    groupId: 'holdfast-api',
    generationId: 3,
    memberId: 'me',
  });
}

const OFFSETS = { topics: [{ topic: 'ws.upstream', partitions: [{ partition: 0, offset: '7' }] }] };

/** A broker that is, or is not, the coordinator of the group. */
function broker(isCoordinator: boolean) {
  const commits: object[] = [];
  return {
    commits,
    isConnected: () => true,
    offsetCommit: async (commit: object) => {
      if (!isCoordinator) {
        throw Object.assign(new Error('not the coordinator'), { type: 'NOT_COORDINATOR_FOR_GROUP' });
      }
      commits.push(commit);
    },
  };
}

it('offsets are committed to the coordinator that the group has now, in the generation that was joined', async () => {
  const [before, now] = [broker(false), broker(true)];
  const asked: object[] = [];
  const offsets = offsetsAt(before, async (group) => {
    asked.push(group);
    return now;
  });
  await expect(offsets.commitOffsets(OFFSETS)).rejects.toThrow('not the coordinator');
  await offsets.commitOffsets(OFFSETS);
  expect(asked).toEqual([{ groupId: 'holdfast-api' }]);
  expect(now.commits).toMatchObject([{ groupId: 'holdfast-api', memberId: 'me', groupGenerationId: 3 }]);
});

it('another failure is no reason to look for another coordinator', async () => {
  const failing = { isConnected: () => true, offsetCommit: () => Promise.reject(new Error('timed out')) };
  const offsets = offsetsAt(failing, () => Promise.reject(new Error('nobody asked')));
  await expect(offsets.commitOffsets(OFFSETS)).rejects.toThrow('timed out');
});
