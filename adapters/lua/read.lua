-- Answer queries: read registers, the proof that they are current, and their vector, all in one step.
-- KEYS[1] state; then for each query: the keys to read, those to read some of, the index, the key whose fields are
-- counted, and buckets of records
-- ARGV[1] how many bytes to read: with so many, no other query is answered
-- ARGV, for each query: how many keys to read; how many fields of the first of them, 0 for all, and these fields; how
--       many of those to read some of: the first, and others up to as many bytes; '' or a prefix: for each field of the first key to read, or each name in the index, the key
--       prefix .. field is read; '' or the offset and the limit of the fields of the first key to read, in the order of
--       their registers; '' or the entry of the index; '' or '1' if there is a key to count; the field to look for in
--       each bucket; how many buckets
-- Returns {current, state as flat pairs, answer…}, and of each query that is answered
--         {fields counted, all fields of the buckets, records found, {key, flat pairs}…}
local seen = incarnation()
if not is_current(seen) then return { 0 } end

local PIECE_BYTES = tonumber(ARGV[1])
local keys_taken, arguments_taken, bytes_read = 1, 1, 0
local function take_key()
  keys_taken = keys_taken + 1
  return KEYS[keys_taken]
end
local function take()
  arguments_taken = arguments_taken + 1
  return ARGV[arguments_taken]
end

local function page(pairs_read, offset, limit)
  local ordered = {}
  for i = 1, #pairs_read, 2 do ordered[#ordered + 1] = { pairs_read[i], pairs_read[i + 1] } end
  table.sort(ordered, function(a, b) return a[2] < b[2] end)
  local found = {}
  for i = offset + 1, math.min(offset + limit, #ordered) do
    found[#found + 1] = ordered[i][1]
    found[#found + 1] = ordered[i][2]
  end
  return found
end

local function only(names, key)
  local found = {}
  for _, name in ipairs(names) do
    local register = redis.call('HGET', key, name)
    if register then
      found[#found + 1] = name
      found[#found + 1] = register
    end
  end
  return found
end

local function bytes_of(fields)
  local bytes = 0
  for _, text in ipairs(fields) do bytes = bytes + #text end
  return bytes
end

local function answer()
  local keys, names = tonumber(take()), {}
  for i = 1, tonumber(take()) do names[i] = take() end
  local some, some_bytes = tonumber(take()), PIECE_BYTES
  local follow, offset, limit = take(), tonumber(take()), tonumber(take())
  local entry, is_counting, recalled, buckets = take(), take() ~= '', take(), tonumber(take())
  local found = { 0, 0, {} }
  local function take_in(key, fields)
    found[#found + 1] = { key, fields }
    bytes_read = bytes_read + bytes_of(fields)
  end

  for i = 1, keys do
    local key = take_key()
    local fields = i == 1 and #names > 0 and only(names, key) or redis.call('HGETALL', key)
    if i == 1 and offset then fields = page(fields, offset, limit) end
    take_in(key, fields)
  end

  for i = 1, some do
    local key = take_key()
    if i == 1 or some_bytes >= 0 then
      local fields = redis.call('HGETALL', key)
      some_bytes = some_bytes - bytes_of(fields)
      if i == 1 or some_bytes >= 0 then take_in(key, fields) end
    end
  end

  local function follow_name(name)
    take_in(follow .. name, redis.call('HGETALL', follow .. name))
  end
  if entry ~= '' then
    for name in string.gmatch(redis.call('HGET', take_key(), entry) or '', '%S+') do follow_name(name) end
  elseif follow ~= '' then
    local first = found[4][2]
    for i = 1, #first, 2 do follow_name(first[i]) end
  end

  if is_counting then found[1] = redis.call('HLEN', take_key()) end
  for _ = 1, buckets do
    local bucket = take_key()
    found[2] = found[2] + redis.call('HLEN', bucket)
    found[3][#found[3] + 1] = redis.call('HGET', bucket, recalled) or nil
  end
  return found
end

local found = { 1, redis.call('HGETALL', STATE) }
while arguments_taken < #ARGV and bytes_read < PIECE_BYTES do found[#found + 1] = answer() end
return found
