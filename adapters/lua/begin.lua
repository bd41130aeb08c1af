-- See data for the first time on this master: give it an incarnation. Empty it first if it is of no use.
-- KEYS[1] state; ARGV: a nonce, and '' or the incarnation whose data is of no use
-- Returns {incarnation, why there is none}. The incarnation may be one that another replicator gave.
local id = replication_id()
if not id then return { '', 'replica' } end

local stored = redis.call('HGET', STATE, 'incarnation')
local format = stored and (tonumber(string.match(stored, '^(%d+):%x+:')) or 0)
if stored and format > FORMAT then return { '', 'newer' } end
-- Without a stored incarnation the data is not ours: it may be that of another program.
if stored and (format < FORMAT or stored == ARGV[2]) then redis.call('FLUSHDB', 'ASYNC') end

taint_if_it_may_evict()
local seen = incarnation()
if seen == '' then
  seen = FORMAT .. ':' .. id .. ':' .. ARGV[1]
  redis.call('HDEL', STATE, 'required', 'current')
  redis.call('HSET', STATE, 'incarnation', seen)
end
return { seen, '' }
