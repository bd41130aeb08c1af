-- Remember the marks that this region is known to have had. If the data of a current incarnation lacks some of them, or
-- holds events of another history of the region's own log, a new incarnation follows, which must be proven anew.
-- KEYS[1] state; ARGV: the incarnation for which this was found; a nonce; the marks: "origin epoch sequence by" lines;
--   '' or an event that the region's own log contradicts: "epoch sequence fingerprint by"
-- Returns 1. It may be called any number of times, by any number of replicators.
local seen = incarnation()
if seen == '' or seen ~= ARGV[1] then return 1 end

local known = {}
local function take(text)
  for origin, epoch, sequence, by in string.gmatch(text, '(%S+) (%S+) (%d+) (%S+)\n') do
    local before = known[origin]
    if not before or before.epoch ~= epoch or before.sequence < tonumber(sequence) then
      local line = table.concat({ origin, epoch, sequence, by }, ' ') .. '\n'
      known[origin] = { epoch = epoch, sequence = tonumber(sequence), line = line }
    end
  end
end
take(redis.call('HGET', STATE, 'known') or '')
take(ARGV[3])

local lines, is_lacking = '', ARGV[4] ~= ''
for origin, one in pairs(known) do
  lines = lines .. one.line
  local now_epoch, now = mark(origin)
  if now_epoch ~= one.epoch or now < one.sequence then is_lacking = true end
end
redis.call('HSET', STATE, 'known', lines)
if ARGV[4] ~= '' then redis.call('HSET', STATE, 'contradicted', ARGV[4]) end
if is_lacking and is_current(seen) then
  redis.call('HDEL', STATE, 'required', 'current')
  redis.call('HSET', STATE, 'incarnation', renamed(seen, ARGV[2]))
end
return 1
