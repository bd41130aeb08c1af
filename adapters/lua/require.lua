-- Say which ends of the local logs an incarnation has to reach to be current. The first word counts.
-- KEYS[1] state; ARGV[1]: the incarnation, read before the ends were; ARGV[2]: the ends
if incarnation() == ARGV[1] then redis.call('HSETNX', STATE, 'required', ARGV[2]) end
return 1
