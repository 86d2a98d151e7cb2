import { hkdfSync, randomBytes } from 'node:crypto';
import type { RedisClient } from './redis-client.ts';

const KEY = 'holdfast:secret';

/**
 * The secret that all nodes share, made by the first that asks; keys for each purpose are derived from it. A Redis that
 * comes back without it is told again, or nodes that start from then on would not understand those that run.
 */
export async function clusterSecret(
  client: RedisClient,
): Promise<(purpose: string, bytes: number) => Buffer> {
  const secret = await client.run(async (redis) => {
    await redis.set(KEY, randomBytes(32).toString('base64url'), 'NX');
    return (await redis.get(KEY))!;
  });
  // Whoever is not let in here tries again with the next connection.
  client.onReady(() => void client.run((redis) => redis.set(KEY, secret, 'NX')).catch(() => {}));
  return (purpose, bytes) =>
    Buffer.from(hkdfSync('sha256', Buffer.from(secret, 'base64url'), '', `holdfast/${purpose}`, bytes));
}
