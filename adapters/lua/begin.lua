-- See a Redis process, or one whose data was emptied, for the first time: give it an incarnation.
-- KEYS[1] state; ARGV[1]: a nonce
-- Returns the incarnation, which may be one that another replicator gave.
taint_if_it_may_evict()
local seen = incarnation()
if seen == '' then
  seen = run_id() .. ':' .. ARGV[1]
  redis.call('HDEL', STATE, 'required', 'current')
  redis.call('HSET', STATE, 'incarnation', seen)
end
return seen
