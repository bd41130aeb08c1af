-- Return the projection's state. Declare it current if it has reached every required mark.
-- KEYS[1] state; ARGV: for each origin that stops here at an event that cannot be applied: origin, the sequence before it
-- Returns {incarnation, current, whether the required ends are known, state as flat pairs}
if replication_id() then taint_if_it_may_evict() end
local seen = incarnation()
local required = seen ~= '' and redis.call('HGET', STATE, 'required')

local is_contradicted = redis.call('HEXISTS', STATE, 'contradicted') == 1

if required and not is_tainted() and not is_contradicted and not is_current(seen) then
  local stops_at = {}
  for i = 1, #ARGV, 2 do stops_at[ARGV[i]] = tonumber(ARGV[i + 1]) end
  local reached = true
  for origin, epoch, sequence in string.gmatch(required, '(%S+) (%S+) (%d+)\n') do
    local now_epoch, now = mark(origin)
    local is_reached = now_epoch == epoch and now >= tonumber(sequence)
    -- All that can be applied is applied. A mark that is still before that place is not excused.
    local is_excused = (now_epoch == epoch or now == 0) and stops_at[origin] == now
    if not is_reached and not is_excused then reached = false end
  end
  -- An event that the region is known to have had was applied once. So it can be applied: nothing excuses its absence.
  for origin, epoch, sequence in string.gmatch(redis.call('HGET', STATE, 'known') or '', '(%S+) (%S+) (%d+) %S+\n') do
    local now_epoch, now = mark(origin)
    if now_epoch ~= epoch or now < tonumber(sequence) then reached = false end
  end
  if reached then redis.call('HSET', STATE, 'current', seen) end
end

return { seen, is_current(seen) and 1 or 0, required and 1 or 0, redis.call('HGETALL', STATE) }
