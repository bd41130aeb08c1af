-- Apply a run of one origin's events: their register writes and the new watermark, in one step.
-- KEYS[1] state; KEYS[2…] the keys written
-- ARGV: origin, epoch, sequence before the first event, its fingerprint, sequence of the last, its fingerprint,
--       highest clock, stamp width, then for each write: index into KEYS, field, register
-- Returns {what, incarnation, current, epoch, sequence, fingerprint}: what the watermark is now.
-- Every write is idempotent and the watermark comes last: a script that failed half-way can be run again.
local origin, epoch = ARGV[1], ARGV[2]
local before, before_fingerprint = tonumber(ARGV[3]), ARGV[4]
local last, last_fingerprint = tonumber(ARGV[5]), ARGV[6]
local width = tonumber(ARGV[8])

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

for i = 9, #ARGV, 3 do
  local key, field, register = KEYS[tonumber(ARGV[i])], ARGV[i + 1], ARGV[i + 2]
  local old = redis.call('HGET', key, field)
  if not old or string.sub(old, 1, width) < string.sub(register, 1, width) then
    redis.call('HSET', key, field, register)
  end
end

local clock = redis.call('HGET', STATE, 'clock')
if not clock or clock < ARGV[7] then redis.call('HSET', STATE, 'clock', ARGV[7]) end
redis.call('HSET', STATE, 'mark:' .. origin, epoch .. ' ' .. ARGV[5] .. ' ' .. last_fingerprint)
now_epoch, now, now_fingerprint = epoch, last, last_fingerprint
return answer('applied')
