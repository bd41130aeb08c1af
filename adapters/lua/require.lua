-- Require an incarnation to reach these ends of the local logs to be current. Only the first call counts.
-- KEYS[1] state; ARGV[1]: the incarnation, read before the ends were; ARGV[2]: the ends
if incarnation() == ARGV[1] then redis.call('HSETNX', STATE, 'required', ARGV[2]) end
return 1
