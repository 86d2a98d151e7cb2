import { hkdfSync, randomBytes } from 'node:crypto';
import type { RedisClient } from './redis-client.ts';

const KEY = 'holdfast:secret';

/** The secret that all nodes share, made by the first that asks; keys for each purpose are derived from it. */
export async function clusterSecret(
  client: RedisClient,
): Promise<(purpose: string, bytes: number) => Buffer> {
  const secret = await client.run(async (redis) => {
    await redis.set(KEY, randomBytes(32).toString('base64url'), 'NX');
    return redis.get(KEY);
  });
  return (purpose, bytes) =>
    Buffer.from(hkdfSync('sha256', Buffer.from(secret!, 'base64url'), '', `holdfast/${purpose}`, bytes));
}
