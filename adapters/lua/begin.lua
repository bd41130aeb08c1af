-- Give an incarnation to data that is seen for the first time on this master. Drop the data first if it is of no use.
-- KEYS[1] state; ARGV: a nonce; '' or the incarnation whose data is of another history; the number of the next history;
--   the highest known history of this region: an emptied Redis continues in it
-- Returns {incarnation, why there is none}. The incarnation may be one that another replicator gave.
local id = replication_id()
if not id then return { '', 'replica' } end

local stored = redis.call('HGET', STATE, 'incarnation')
local format, history = string.match(stored or '', '^(%d+):%x+:(%d+):')
format, history = tonumber(format or 0), tonumber(history or 0)
if format > FORMAT then return { '', 'newer' } end
local is_useless = stored and stored == ARGV[2]
if is_useless then history = math.max(history + 1, tonumber(ARGV[3])) end
-- Without a stored incarnation the data is not ours: it may be of another program.
if is_useless or (stored and format < FORMAT) then redis.call('FLUSHDB', 'ASYNC') end

taint_if_it_may_evict()
local seen = incarnation()
if seen == '' or history < tonumber(ARGV[4]) then
  history = math.max(history, tonumber(ARGV[4]))
  seen = string.format('%d:%s:%.0f:%s', FORMAT, id, history, ARGV[1])
  redis.call('HDEL', STATE, 'required', 'current')
  redis.call('HSET', STATE, 'incarnation', seen)
end
return { seen, '' }
