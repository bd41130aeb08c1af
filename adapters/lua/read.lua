-- Read registers, the proof that they are current, and their vector, in one step.
-- KEYS[1] state; then the keys to read, those to read some of, the index, the key whose fields are counted, and buckets
-- of records
-- ARGV: how many keys to read; how many of those to read some of: the first, and others up to so many bytes;
--       '' or a prefix: for each field of the first of them, or each name in the index, the key prefix .. field is read;
--       '' or the offset and the limit of the fields of the first key to read, in the order of their registers;
--       '' or the entry of the index; '' or '1' if there is a key to count; the field to look for in each bucket
-- Returns {current, state as flat pairs, fields counted, all fields of the buckets, records found, {key, flat pairs}…}
local keys_end, some_end, some_bytes = ARGV[1] + 1, ARGV[1] + ARGV[2] + 1, tonumber(ARGV[3])
local follow, offset, limit, entry, is_counting, recalled = ARGV[4], ARGV[5], ARGV[6], ARGV[7], ARGV[8] ~= '', ARGV[9]
local seen = incarnation()
if not is_current(seen) then return { 0 } end

local next_key = some_end
local function take_key()
  next_key = next_key + 1
  return KEYS[next_key]
end

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

local found = { 1, redis.call('HGETALL', STATE), 0, 0, {} }
local function take_in(key, fields)
  found[#found + 1] = { key, fields }
end

for i = 2, keys_end do
  local fields = redis.call('HGETALL', KEYS[i])
  if i == 2 and offset ~= '' then fields = page(fields) end
  take_in(KEYS[i], fields)
end

for i = keys_end + 1, some_end do
  local fields = redis.call('HGETALL', KEYS[i])
  for _, text in ipairs(fields) do some_bytes = some_bytes - #text end
  if some_bytes < 0 and i > keys_end + 1 then break end
  take_in(KEYS[i], fields)
end

local function follow_name(name)
  take_in(follow .. name, redis.call('HGETALL', follow .. name))
end
if entry ~= '' then
  for name in string.gmatch(redis.call('HGET', take_key(), entry) or '', '%S+') do follow_name(name) end
elseif follow ~= '' then
  local first = found[6][2]
  for i = 1, #first, 2 do follow_name(first[i]) end
end

if is_counting then found[3] = redis.call('HLEN', take_key()) end
for _ = next_key + 1, #KEYS do
  local bucket = take_key()
  found[4] = found[4] + redis.call('HLEN', bucket)
  found[5][#found[5] + 1] = redis.call('HGET', bucket, recalled) or nil
end
return found
