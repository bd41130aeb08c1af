-- Put before every script. The state of a projection is one hash:
--   incarnation  run id of the Redis process, ':', a nonce made when a replicator first saw it
--   required     the ends that the local logs had then: "origin epoch sequence" lines
--   current      the incarnation in which all of `required` has been reached
--   tainted      the maxmemory-policy under which this Redis may have dropped registers; only emptying it removes that
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

local function is_tainted()
  return redis.call('HEXISTS', STATE, 'tainted') == 1
end

local function is_current(seen)
  return seen ~= '' and not is_tainted() and redis.call('HGET', STATE, 'current') == seen
end

-- A Redis that may drop what it holds proves nothing. What takes memory comes last: the proof is gone before.
local function taint_if_it_may_evict()
  local policy = string.match(redis.call('INFO', 'memory'), 'maxmemory_policy:([%w-]+)') or 'unknown'
  if policy ~= 'noeviction' and not is_tainted() then
    redis.call('HDEL', STATE, 'current')
    redis.call('HSET', STATE, 'tainted', policy)
  end
end

local function mark(origin)
  local text = redis.call('HGET', STATE, 'mark:' .. origin)
  if not text then return '', 0, '' end
  local epoch, sequence, fingerprint = string.match(text, '^(%S+) (%d+) (%S+)$')
  return epoch, tonumber(sequence), fingerprint
end
