-- What state the projection is in; on the way, declare it current if it has reached what is required of it.
-- KEYS[1] state; ARGV: origins that are halted here, whose end cannot be reached
-- Returns {incarnation, current, whether the required ends are known, state as flat pairs}
local seen = incarnation()
local required = seen ~= '' and redis.call('HGET', STATE, 'required')

if required and not is_current(seen) then
  local excused = {}
  for _, origin in ipairs(ARGV) do excused[origin] = true end
  local reached = true
  for origin, epoch, sequence in string.gmatch(required, '(%S+) (%S+) (%d+)\n') do
    local now_epoch, now = mark(origin)
    if not excused[origin] and (now_epoch ~= epoch or now < tonumber(sequence)) then reached = false end
  end
  if reached then redis.call('HSET', STATE, 'current', seen) end
end

return { seen, is_current(seen) and 1 or 0, required and 1 or 0, redis.call('HGETALL', STATE) }
