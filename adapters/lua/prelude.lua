-- Put before every script. The state of a projection is one hash:
--   incarnation  "FORMAT:replication id of its Redis:history:nonce". The history is higher each time
--                after the data was dropped because it was of another history of a log. A nonce is made when a
--                replicator first sees the data, or finds that it is no longer current
--   required     the ends that the local logs had then: "origin epoch sequence" lines
--   known        the marks that the region is known to have had, in any incarnation: "origin epoch sequence by" lines
--   contradicted an event that another region has of this region's own log, and the log does not
--   current      the incarnation in which all of `required` and `known` was reached, with nothing contradicted
--   tainted      the maxmemory-policy under which this Redis may have dropped registers; only emptying it removes that
--   clock        the highest clock applied
--   mark:ORIGIN  "epoch sequence fingerprint" of the last message applied
--   extra:ORIGIN how many more events than messages the log has up to it. Versions before frames apply messages of one
--                event, so it is still true if they leave it as it is or leave it out
local STATE = KEYS[1]

-- The format of the keys and registers. A version that writes other ones has the next number. Data in a lower format
-- is dropped and built anew. Data in a higher format is left alone.
local FORMAT = 2

-- The replication id of a master, which changes whenever its data may have been replaced. A replica has none: its
-- data is another server's, and may be replaced at any moment.
local function replication_id()
  local info = redis.call('INFO', 'replication')
  return string.find(info, 'role:master', 1, true) and string.match(info, 'master_replid:(%x+)')
end

-- The incarnation, or '' if no replicator has seen this data in this format on this master.
local function incarnation()
  local seen = redis.call('HGET', STATE, 'incarnation') or ''
  local id = replication_id()
  local prefix = id and FORMAT .. ':' .. id .. ':'
  if prefix and string.sub(seen, 1, #prefix) == prefix then return seen end
  return ''
end

-- The same data under another name: proofs about the old name do not hold for the new one.
local function renamed(name, nonce)
  return string.match(name, '^.*:') .. nonce
end

local function is_tainted()
  return redis.call('HEXISTS', STATE, 'tainted') == 1
end

local function is_current(seen)
  return seen ~= '' and not is_tainted() and redis.call('HGET', STATE, 'current') == seen
end

-- A Redis that may drop data proves nothing. The write that needs memory comes last: the proof is gone before it.
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
