-- Apply a run of one origin's events: their register writes and the new watermark, in one step.
-- KEYS[1] state; KEYS[2…] the keys written
-- ARGV: origin, epoch, sequence before the first event, its fingerprint, sequence of the last, its fingerprint,
--       highest clock, stamp width, the tombstone's field, how many writes, then for each write: index into KEYS, field,
--       register, index of the key that it points to or 0, and for a tombstone: index of the key with the pointer to it,
--       field; then for each record: index into KEYS of its bucket, field, value, seconds until the bucket is forgotten
-- Returns {what, incarnation, current, epoch, sequence, fingerprint}: what the watermark is now.
-- Every write is idempotent and the watermark comes last: a script that failed half-way can be run again.
local origin, epoch = ARGV[1], ARGV[2]
local before, before_fingerprint = tonumber(ARGV[3]), ARGV[4]
local last, last_fingerprint = tonumber(ARGV[5]), ARGV[6]
local width, TOMBSTONE = tonumber(ARGV[8]), ARGV[9]

local seen = incarnation()
local now_epoch, now, now_fingerprint = mark(origin)

local function answer(what)
  return { what, seen, is_current(seen) and 1 or 0, now_epoch, now, now_fingerprint }
end

if seen == '' then return answer('unseen') end
if is_tainted() then return answer('tainted') end
if now > 0 and now_epoch ~= epoch then return answer('forked') end
if now == before and now > 0 and now_fingerprint ~= before_fingerprint then return answer('forked') end
if now == last and now_fingerprint ~= last_fingerprint then return answer('forked') end
if now >= last then return answer('duplicate') end
if now < before then return answer('gap') end

local function is_buried(index)
  return index ~= 0 and redis.call('HEXISTS', KEYS[index], TOMBSTONE) == 1
end

local function bury(key, register, pointing_key, pointing_field)
  local old = redis.call('HGET', key, TOMBSTONE)
  redis.call('DEL', key)
  redis.call('HSET', key, TOMBSTONE, (old and old > register) and old or register)
  redis.call('HDEL', pointing_key, pointing_field)
end

local records_at = 11 + 6 * tonumber(ARGV[10])
for i = 11, records_at - 1, 6 do
  local index, field, register = tonumber(ARGV[i]), ARGV[i + 1], ARGV[i + 2]
  if field == TOMBSTONE then
    bury(KEYS[index], register, KEYS[tonumber(ARGV[i + 4])], ARGV[i + 5])
  elseif not is_buried(index) and not is_buried(tonumber(ARGV[i + 3])) then
    local old = redis.call('HGET', KEYS[index], field)
    if not old or string.sub(old, 1, width) < string.sub(register, 1, width) then
      redis.call('HSET', KEYS[index], field, register)
    end
  end
end

for i = records_at, #ARGV, 4 do
  local bucket, field, value = KEYS[tonumber(ARGV[i])], ARGV[i + 1], ARGV[i + 2]
  local old = redis.call('HGET', bucket, field)
  if not old or string.sub(value, 1, width) < string.sub(old, 1, width) then
    redis.call('HSET', bucket, field, value)
  end
  -- By whichever clock it lasts longest: none is forgotten early.
  if redis.call('TTL', bucket) < tonumber(ARGV[i + 3]) then redis.call('EXPIRE', bucket, ARGV[i + 3]) end
end

local clock = redis.call('HGET', STATE, 'clock')
if not clock or clock < ARGV[7] then redis.call('HSET', STATE, 'clock', ARGV[7]) end
redis.call('HSET', STATE, 'mark:' .. origin, epoch .. ' ' .. ARGV[5] .. ' ' .. last_fingerprint)
now_epoch, now, now_fingerprint = epoch, last, last_fingerprint
return answer('applied')
