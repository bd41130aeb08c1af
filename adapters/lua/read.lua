-- Read registers, with the proof that they are current and the vector they belong to, in one step.
-- KEYS[1] state; KEYS[2…] keys to read, then buckets of records
-- ARGV: '' or a prefix: for each field of KEYS[2], the key prefix .. field is read as well;
--       '' or the field that such a key must have, and the value that it must have there, and the stamp width;
--       '' or the offset and the limit of the fields of KEYS[2] to read, in the order of their registers;
--       how many buckets, and the field to look for in each
-- Returns {current, state as flat pairs, fields of KEYS[2], all fields of the buckets, records found, {key, flat pairs}…}
local follow, where, value, width, offset, limit = ARGV[1], ARGV[2], ARGV[3], tonumber(ARGV[4]), ARGV[5], ARGV[6]
local keys_end, recalled = #KEYS - tonumber(ARGV[7]), ARGV[8]
local seen = incarnation()
if not is_current(seen) then return { 0 } end

local function page(pairs_read)
  local ordered = {}
  for i = 1, #pairs_read, 2 do ordered[#ordered + 1] = { pairs_read[i], pairs_read[i + 1] } end
  table.sort(ordered, function(a, b) return a[2] < b[2] end)
  local found = {}
  for i = tonumber(offset) + 1, math.min(tonumber(offset) + tonumber(limit), #ordered) do
    found[#found + 1] = ordered[i][1]
    found[#found + 1] = ordered[i][2]
  end
  return found
end

local kept, records = 0, {}
for i = keys_end + 1, #KEYS do
  kept = kept + redis.call('HLEN', KEYS[i])
  records[#records + 1] = redis.call('HGET', KEYS[i], recalled) or nil
end

local found = { 1, redis.call('HGETALL', STATE), 0, kept, records }
for i = 2, keys_end do
  local fields = redis.call('HGETALL', KEYS[i])
  if i == 2 then
    found[3] = #fields / 2
    if offset ~= '' then fields = page(fields) end
  end
  found[#found + 1] = { KEYS[i], fields }
end
if follow ~= '' then
  local first = found[6][2]
  for i = 1, #first, 2 do
    local key = follow .. first[i]
    if where == '' or string.sub(redis.call('HGET', key, where) or '', width + 1) == value then
      found[#found + 1] = { key, redis.call('HGETALL', key) }
    end
  end
end
return found
