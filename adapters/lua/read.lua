-- Read registers, with the proof that they are current and the vector they belong to, in one step.
-- KEYS[1] state; KEYS[2…] keys to read
-- ARGV[1]: '' or a prefix: for each field of KEYS[2], the key prefix .. field is read as well
-- Returns {current, state as flat pairs, {key, flat pairs}…}
local seen = incarnation()
if not is_current(seen) then return { 0 } end

local found = { 1, redis.call('HGETALL', STATE) }
for i = 2, #KEYS do
  found[#found + 1] = { KEYS[i], redis.call('HGETALL', KEYS[i]) }
end
if ARGV[1] ~= '' then
  for _, field in ipairs(redis.call('HKEYS', KEYS[2])) do
    local key = ARGV[1] .. field
    found[#found + 1] = { key, redis.call('HGETALL', key) }
  end
end
return found
