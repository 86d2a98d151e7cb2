/**
 * The scripts of the lease store. All keys share one hash tag, so that they live on one node of a Redis Cluster.
 *
 * KEYS[1] `…:names`   hash: name → number it had last
 * KEYS[2] `…:leases`  zset: `number:epoch` → when it runs out, by Redis' clock (ms)
 * KEYS[3] `…:records` hash: `number:epoch` → JSON of the node's record
 * KEYS[4] `…:numbers` hash: number → epoch that holds it
 * KEYS[5] `…:reached` hash: number → ms since 1970 that ids under it may have reached
 * KEYS[6] `…:counter` hash: `epoch`, `number`: last ones given out; `since`: the first epoch that this Redis gave out
 */
const NOW = "local time = redis.call('TIME') local now = time[1] * 1000 + math.floor(time[2] / 1000)";

/**
 * The record of an incarnation that may come back although its lease has run out: nobody has begun to bury it, and its
 * number is nobody else's.
 */
const MAY_LIVE = `local function mayLive(member)
  local text = redis.call('HGET', KEYS[3], member)
  if not text then return nil end
  local record = cjson.decode(text)
  if record.burial or redis.call('HGET', KEYS[4], tostring(record.number)) ~= tostring(record.epoch) then return nil end
  return record
end`;

/**
 * ARGV: name, owner, wanted number or '', previous number or '', ttl (ms), JSON of the record.
 *
 * Epochs are never behind the time (ms), so that a Redis that has lost what it knew gives none out a second time: the
 * keys of an incarnation would be those of an earlier one, which may still be there and clean up behind itself.
 */
export const ACQUIRE = `${NOW}
${MAY_LIVE}
local function holder(number)
  local epoch = redis.call('HGET', KEYS[4], number)
  if not epoch then return nil end
  local member = number .. ':' .. epoch
  local ends = redis.call('ZSCORE', KEYS[2], member)
  if not ends or tonumber(ends) <= now then return nil end
  return member, ends
end
local number = ARGV[3]
if number == '' then number = redis.call('HGET', KEYS[1], ARGV[1]) end
if not number and ARGV[4] ~= '' and not holder(ARGV[4]) then number = ARGV[4] end
if not number then
  for _ = 1, 1024 do
    local candidate = (redis.call('HINCRBY', KEYS[6], 'number', 1) - 1) % 1024
    if not holder(candidate) then number = tostring(candidate) break end
  end
  if not number then return {'held', 'all 1024 numbers', tostring(now)} end
end
local member, ends = holder(number)
if member then
  local record = cjson.decode(redis.call('HGET', KEYS[3], member))
  if record.owner ~= ARGV[2] then return {'held', record.name, ends} end
  redis.call('ZREM', KEYS[2], member)
  redis.call('HDEL', KEYS[3], member)
end
local taken = {}
for _, other in ipairs(redis.call('ZRANGE', KEYS[2], 0, -1)) do
  local record = mayLive(other)
  if record and record.number ~= tonumber(number) then taken[record.slot] = true end
end
local slot = 0
while taken[slot] do slot = slot + 1 end
local last = redis.call('HGET', KEYS[6], 'epoch')
local epoch = math.max(now, (tonumber(last) or 0) + 1)
if not last then redis.call('HSET', KEYS[6], 'since', epoch) end
redis.call('HSET', KEYS[6], 'epoch', epoch)
local record = cjson.decode(ARGV[6])
record.number = tonumber(number)
record.epoch = epoch
record.slot = slot
record.owner = ARGV[2]
record.leaseUntil = now + tonumber(ARGV[5])
local name = number .. ':' .. epoch
redis.call('HSET', KEYS[1], ARGV[1], number)
redis.call('HSET', KEYS[4], number, epoch)
redis.call('HSET', KEYS[3], name, cjson.encode(record))
redis.call('ZADD', KEYS[2], now + tonumber(ARGV[5]), name)
return {'granted', number, tostring(epoch), tostring(slot), redis.call('HGET', KEYS[5], number) or '0'}
`;

/**
 * ARGV: number, epoch, owner, reached, load as JSON, ttl. Returns 1 when it holds, 0 when it is lost, 2 when it is
 * forgotten: what has no record was buried, unless its epoch is from before or behind all that this Redis gave out.
 */
export const RENEW = `${NOW}
local member = ARGV[1] .. ':' .. ARGV[2]
local text = redis.call('HGET', KEYS[3], member)
if not text then
  local epoch = tonumber(ARGV[2])
  local since = tonumber(redis.call('HGET', KEYS[6], 'since')) or 0
  local last = tonumber(redis.call('HGET', KEYS[6], 'epoch')) or 0
  if epoch < since or epoch > last then return 2 end
  return 0
end
if redis.call('HGET', KEYS[4], ARGV[1]) ~= ARGV[2] then return 0 end
local record = cjson.decode(text)
if record.owner ~= ARGV[3] or record.burial then return 0 end
record.load = cjson.decode(ARGV[5])
record.leaseUntil = now + tonumber(ARGV[6])
redis.call('HSET', KEYS[3], member, cjson.encode(record))
redis.call('HSET', KEYS[5], ARGV[1], ARGV[4])
redis.call('ZADD', KEYS[2], now + tonumber(ARGV[6]), member)
return 1
`;

/** ARGV: number, epoch, owner. */
export const RELEASE = `
local member = ARGV[1] .. ':' .. ARGV[2]
local text = redis.call('HGET', KEYS[3], member)
if not text or cjson.decode(text).owner ~= ARGV[3] then return 0 end
redis.call('ZREM', KEYS[2], member)
redis.call('HDEL', KEYS[3], member)
if redis.call('HGET', KEYS[4], ARGV[1]) == ARGV[2] then redis.call('HDEL', KEYS[4], ARGV[1]) end
return 1
`;

/** ARGV: 'live' or 'dead'. Returns records as JSON. Who may come back is both. */
export const NODES = `${NOW}
${MAY_LIVE}
local records = {}
local bound = ARGV[1] == 'live' and '+inf' or now
for _, member in ipairs(redis.call('ZRANGEBYSCORE', KEYS[2], '-inf', bound)) do
  if ARGV[1] == 'dead' or mayLive(member) then
    local record = redis.call('HGET', KEYS[3], member)
    if record then records[#records + 1] = record end
  end
end
return records
`;

/** ARGV: number, epoch, undertaker, ttl. From here on the lease cannot be renewed any more. */
export const CLAIM_BURIAL = `${NOW}
local member = ARGV[1] .. ':' .. ARGV[2]
local ends = redis.call('ZSCORE', KEYS[2], member)
local text = redis.call('HGET', KEYS[3], member)
if not ends or not text or tonumber(ends) > now then return 0 end
local record = cjson.decode(text)
if record.burial and record.burial ~= ARGV[3] and tonumber(record.burialEnds) > now then return 0 end
record.burial = ARGV[3]
record.burialEnds = now + tonumber(ARGV[4])
redis.call('HSET', KEYS[3], member, cjson.encode(record))
return 1
`;

/** ARGV: number, epoch. */
export const BURIED = `
local member = ARGV[1] .. ':' .. ARGV[2]
redis.call('ZREM', KEYS[2], member)
redis.call('HDEL', KEYS[3], member)
if redis.call('HGET', KEYS[4], ARGV[1]) == ARGV[2] then redis.call('HDEL', KEYS[4], ARGV[1]) end
return 1
`;
