-- Put before every script. The state of a projection is one hash:
--   incarnation  run id of the Redis process, ':', a nonce made when a replicator first saw it
--   required     the ends that the local logs had then: "origin epoch sequence" lines
--   current      the incarnation in which all of `required` has been reached
--   clock        the highest clock applied
--   mark:ORIGIN  "epoch sequence fingerprint" of the last event applied
local STATE = KEYS[1]

local function run_id()
  return string.match(redis.call('INFO', 'server'), 'run_id:(%x+)')
end

-- The incarnation, or '' where nobody has seen this process yet (or its data was emptied since).
local function incarnation()
  local seen = redis.call('HGET', STATE, 'incarnation') or ''
  if string.match(seen, '^(%x+):') == run_id() then return seen end
  return ''
end

local function is_current(seen)
  return seen ~= '' and redis.call('HGET', STATE, 'current') == seen
end

local function mark(origin)
  local text = redis.call('HGET', STATE, 'mark:' .. origin)
  if not text then return '', 0, '' end
  local epoch, sequence, fingerprint = string.match(text, '^(%S+) (%d+) (%S+)$')
  return epoch, tonumber(sequence), fingerprint
end
