import { createRequire } from 'node:module';
import { expect, it } from 'vitest';
import '../../src/adapters/kafka/kafkajs.ts';

const require = createRequire(import.meta.url);
/** The library's own, mended. */
const Member = require('kafkajs/src/consumer/consumerGroup.js') as { readonly prototype: object };

interface Joining {
  retrier: () => Promise<void>;
  joinAndSync(): Promise<void>;
}

/** A member whose joins take until `finish` is called. */
function member() {
  const attempts: { finish: (error?: Error) => void }[] = [];
  const one = Object.create(Member.prototype) as Joining;
  one.retrier = () =>
    new Promise((resolve, reject) => {
      attempts.push({ finish: (error) => (error === undefined ? resolve() : reject(error)) });
    });
  return { one, attempts };
}

it('whoever finds that the group has to be joined anew waits for the join that is on its way', async () => {
  const { one, attempts } = member();
  const joins = [one.joinAndSync(), one.joinAndSync(), one.joinAndSync()];
  expect(attempts).toHaveLength(1);
  attempts[0]!.finish();
  await Promise.all(joins);
  const later = one.joinAndSync();
  expect(attempts).toHaveLength(2);
  attempts[1]!.finish();
  await later;
});

it('a join that failed fails for all who waited, and another may be tried', async () => {
  const { one, attempts } = member();
  const joins = [one.joinAndSync(), one.joinAndSync()];
  attempts[0]!.finish(new Error('no brokers'));
  for (const join of joins) await expect(join).rejects.toThrow('no brokers');
  const again = one.joinAndSync();
  attempts[1]!.finish();
  await again;
});

it('members of different groups do not wait for each other', () => {
  const [one, other] = [member(), member()];
  void one.one.joinAndSync();
  void other.one.joinAndSync();
  expect([one.attempts.length, other.attempts.length]).toEqual([1, 1]);
});
