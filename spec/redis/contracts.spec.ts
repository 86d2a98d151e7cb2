import { afterAll, beforeAll, describe } from 'vitest';
import { RedisDedupWindow } from '../../src/adapters/redis/dedup-window.ts';
import { StreamMailbox } from '../../src/adapters/redis/streams/mailbox.ts';
import { StreamUpstreamLog } from '../../src/adapters/redis/streams/upstream-log.ts';
import type { Letter } from '../../src/runtime/delivery/letter.ts';
import type { UpstreamLog } from '../../src/runtime/ports/upstream-log.ts';
import { decodeLetter, encodeLetter } from '../../src/runtime/wire/letter-codec.ts';
import { SilentLog } from '../auth/silent-log.ts';
import { pause } from '../contracts/contract.ts';
import { dedupWindowContract } from '../contracts/dedup-window-contract.ts';
import { mailboxContract } from '../contracts/mailbox-contract.ts';
import { presenceContract } from '../contracts/presence-contract.ts';
import { upstreamLogContract } from '../contracts/upstream-log-contract.ts';
import { PresenceOfNodes } from './presence-of-nodes.ts';
import { clock, RedisFixture } from './redis-fixture.ts';

const PATIENCE = 15_000;
/** Each log is another life of a node. */
let epochs = 0;
/** A node of any number lives, but for 99. */
const DIRECTORY = {
  slotOf: (number: number) => (number === 99 ? null : { slot: number, epoch: 1 }),
};

describe.each([
  ['one server', RedisFixture.start],
  ['a Cluster of three', RedisFixture.startCluster],
  ['a master that sentinels name', RedisFixture.startSentinels],
])('Redis as %s', (_, start) => {
  let redis: RedisFixture;
  beforeAll(async () => {
    redis = await start();
  });
  afterAll(() => redis.close());

  mailboxContract<Letter>('Redis Streams', async () => {
    await redis.reset();
    return {
      patience: PATIENCE,
      open: async () =>
        new StreamMailbox<Letter>({
          client: await redis.client(),
          clock,
          log: new SilentLog(),
          directory: DIRECTORY,
          encode: encodeLetter,
          decode: decodeLetter,
          gap: () => {},
        }),
      letter: (sender, number) => ({
        kind: 'acknowledge',
        time: 5,
        id: `${sender}-${number}`,
        socket: sender,
        ackId: number,
        body: { args: '[]', attachments: [] },
      }),
      read: (letter) => {
        if (letter.kind !== 'acknowledge') throw new Error(`a letter of kind ${letter.kind}`);
        return { sender: letter.socket, number: letter.ackId };
      },
      reading: async (subscription) => subscription.reading,
      dispose: () => redis.reset(),
    };
  });

  upstreamLogContract('Redis Streams', async () => {
    await redis.reset();
    const logs: UpstreamLog[] = [];
    const open = async (maxRecords: number) => {
      const log = new StreamUpstreamLog({
        self: { number: 1, epoch: ++epochs },
        client: await redis.client(),
        clock,
        log: new SilentLog(),
        maxRecords,
        maxBytes: 64 * 1024 * 1024,
        left: () => {},
        refused: (record, error) => {
          throw new Error(`${record.messageId} was given up: ${String(error)}`);
        },
      });
      logs.push(log);
      return log;
    };
    return {
      patience: PATIENCE,
      open: () => open(100_000),
      openSmall: () => open(100),
      dispose: async () => {
        await Promise.all(logs.map((log) => log.close()));
        await redis.reset();
      },
    };
  });

  presenceContract('Redis', async () => {
    await redis.reset();
    return {
      patience: PATIENCE,
      histories: 10,
      // Which nodes there are is the directory's to say.
      countsNodes: false,
      open: async () => new PresenceOfNodes(await redis.client()),
      dispose: () => redis.reset(),
    };
  });

  dedupWindowContract('Redis', async () => {
    await redis.reset();
    return {
      patience: PATIENCE,
      window: 400,
      passes: pause,
      open: async () => new RedisDedupWindow(await redis.client(), clock, 400),
      dispose: () => redis.reset(),
    };
  });
});
