-- Report the role of this Redis and, if asked, whether it takes writes.
-- KEYS[1] state; ARGV[1]: 'write' to try one that changes nothing and needs memory like any other
-- Returns the role: 'master' or 'replica'. Fails with Redis's reason if it takes no writes.
local function take_a_write()
  local seen = redis.call('HGET', STATE, 'incarnation')
  if seen then
    redis.call('HSETNX', STATE, 'incarnation', seen)
  else
    redis.call('HSETNX', STATE, 'sign', '')
    redis.call('HDEL', STATE, 'sign')
  end
end

if ARGV[1] == 'write' then take_a_write() end
return replication_id() and 'master' or 'replica'
