import type { RedisClient } from '../redis-client.ts';
import { CONSUMERS_KEY, ownerKey, PARTITIONS } from './partitions.ts';

/**
 * KEYS[1] the consumers, KEYS[2…] the owners of the partitions. ARGV: consumer, ttl (ms), then for each partition what
 * this consumer does with it: `keep`, `release` or `none`. Returns the live consumers, then for each partition 1 when
 * it is this consumer's.
 *
 * A partition that is free and falls to this consumer is taken at once. One that it keeps and that is nobody's is still
 * its own: Redis has lost that it was, which must not cost what this consumer has in hand.
 */
export const CLAIM = `local time = redis.call('TIME') local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('ZADD', KEYS[1], now + tonumber(ARGV[2]), ARGV[1])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
local consumers = redis.call('ZRANGE', KEYS[1], 0, -1)
table.sort(consumers)
local owned = {}
for index = 2, #KEYS do
  local wish = ARGV[index + 1]
  local owner = redis.call('GET', KEYS[index])
  local due = consumers[(index - 2) % #consumers + 1] == ARGV[1]
  if owner == ARGV[1] then
    if wish == 'release' then redis.call('DEL', KEYS[index]) owned[index - 1] = 0
    else redis.call('PEXPIRE', KEYS[index], ARGV[2]) owned[index - 1] = due and 1 or 2 end
  elseif not owner and (wish == 'keep' or wish == 'none' and due) then
    redis.call('SET', KEYS[index], ARGV[1], 'PX', ARGV[2])
    owned[index - 1] = due and 1 or 2
  else owned[index - 1] = 0 end
end
return owned
`;

/** KEYS as above; ARGV: consumer. */
export const LEAVE = `redis.call('ZREM', KEYS[1], ARGV[1])
for index = 2, #KEYS do
  if redis.call('GET', KEYS[index]) == ARGV[1] then redis.call('DEL', KEYS[index]) end
end
return 1
`;

const KEYS = [CONSUMERS_KEY, ...Array.from({ length: PARTITIONS }, (_, partition) => ownerKey(partition))];

/** What a consumer has to do with a partition. */
export type Holding = 'none' | 'keep' | 'release';
/** `leaving`: still this consumer's, but it is another's turn. */
export type Claim = 'not ours' | 'ours' | 'leaving';
const CLAIMS: readonly Claim[] = ['not ours', 'ours', 'leaving'];

/** Who reads which partition: shared out among the consumers that live, held by a lock that runs out with its holder. */
export class Ownership {
  private readonly client: RedisClient;
  private readonly consumer: string;
  private readonly ttl: number;

  constructor(client: RedisClient, consumer: string, ttl: number) {
    this.client = client;
    this.consumer = consumer;
    this.ttl = ttl;
  }

  async claim(holdings: readonly Holding[]): Promise<readonly Claim[]> {
    const values = [this.consumer, String(this.ttl), ...holdings];
    const owned = await this.client.run(
      (redis) => redis.eval(CLAIM, KEYS.length, ...KEYS, ...values) as Promise<number[]>,
    );
    return owned.map((code) => CLAIMS[code]!);
  }

  async leave(): Promise<void> {
    await this.client.run((redis) => redis.eval(LEAVE, KEYS.length, ...KEYS, this.consumer));
  }
}
