-- Apply a run of one origin's messages: their register writes and the new watermark, in one step.
-- KEYS[1] state; KEYS[2…] the keys written
-- ARGV: origin, epoch, sequence before the first message, its fingerprint, sequence of the last, its fingerprint,
--       highest clock, stamp width, the tombstone's field, length of an index's entries,
--       channel to publish the watermark on, how many more events than messages the log has up to the last;
--       then two lists in MessagePack. Of writes: place in KEYS, field, register, and if any of these is not empty:
--       place of the key that it points to or 0; for a tombstone: place of the key with the pointer to it, field;
--       place of the index or 0; for a tombstone: the indexed field. Of records: place in KEYS of its bucket, field,
--       value, seconds until the bucket is forgotten
-- Returns {what, incarnation, current, epoch, sequence, fingerprint, extra, published}. The four before the last are
-- the watermark now. `published` is how many clients received it, or why it was not published.
-- Every write is idempotent, and the watermark comes last. So a script that failed half-way can run again.
local origin, epoch = ARGV[1], ARGV[2]
local before, before_fingerprint = tonumber(ARGV[3]), ARGV[4]
local last, last_fingerprint = tonumber(ARGV[5]), ARGV[6]
local width, TOMBSTONE, entry_length = tonumber(ARGV[8]), ARGV[9], tonumber(ARGV[10])
local channel, last_extra = ARGV[11], ARGV[12]

local seen = incarnation()
local now_epoch, now, now_fingerprint = mark(origin)

local function answer(what, published)
  local extra = tonumber(redis.call('HGET', STATE, 'extra:' .. origin) or 0)
  return { what, seen, is_current(seen) and 1 or 0, now_epoch, now, now_fingerprint, extra, published or 0 }
end

if seen == '' then return answer('unseen') end
if is_tainted() then return answer('tainted') end
if now > 0 and now_epoch ~= epoch then return answer('forked') end
if now == before and now > 0 and now_fingerprint ~= before_fingerprint then return answer('forked') end
if now == last and now_fingerprint ~= last_fingerprint then return answer('forked') end
if now >= last then return answer('duplicate') end
if now < before then return answer('gap') end

local function is_buried(index)
  return index ~= nil and index ~= 0 and redis.call('HEXISTS', KEYS[index], TOMBSTONE) == 1
end

-- An index maps an entry to the keys that have its value: the last part of each key, in order, with spaces between.
local function entry_of(register)
  local last_word = string.match(string.sub(register, width + 1), '[^ ]*$')
  return string.sub(redis.sha1hex(last_word), 1, entry_length)
end

local function name_in_index(index, register, key, is_named)
  local entry, name, names = entry_of(register), string.match(key, '[^:]*$'), {}
  for other in string.gmatch(redis.call('HGET', index, entry) or '', '%S+') do
    if other ~= name then names[#names + 1] = other end
  end
  if is_named then names[#names + 1] = name end
  table.sort(names)
  if #names == 0 then
    redis.call('HDEL', index, entry)
  else
    redis.call('HSET', index, entry, table.concat(names, ' '))
  end
end

local function bury(key, register, pointing_key, pointing_field, index, indexed)
  local old, value = redis.call('HGET', key, TOMBSTONE), index and redis.call('HGET', key, indexed)
  redis.call('DEL', key)
  redis.call('HSET', key, TOMBSTONE, (old and old > register) and old or register)
  redis.call('HDEL', pointing_key, pointing_field)
  if value then name_in_index(index, value, key, false) end
end

-- The new name is put in first: so the index never lacks an existing key.
local function set(key, field, register, index)
  local old = redis.call('HGET', key, field)
  if old and string.sub(old, 1, width) >= string.sub(register, 1, width) then return end
  if index then name_in_index(index, register, key, true) end
  redis.call('HSET', key, field, register)
  if index and old and entry_of(old) ~= entry_of(register) then name_in_index(index, old, key, false) end
end

for _, write in ipairs(cmsgpack.unpack(ARGV[13])) do
  local place, field, register, index = write[1], write[2], write[3], KEYS[write[7] or 0]
  if field == TOMBSTONE then
    bury(KEYS[place], register, KEYS[write[5]], write[6], index, write[8])
  elseif not is_buried(place) and not is_buried(write[4]) then
    set(KEYS[place], field, register, index)
  end
end

for _, record in ipairs(cmsgpack.unpack(ARGV[14])) do
  local bucket, field, value, seconds = KEYS[record[1]], record[2], record[3], record[4]
  local old = redis.call('HGET', bucket, field)
  if not old or string.sub(value, 1, width) < string.sub(old, 1, width) then
    redis.call('HSET', bucket, field, value)
  end
  -- The longest of the times that were asked for: no record is forgotten early.
  if redis.call('TTL', bucket) < seconds then redis.call('EXPIRE', bucket, seconds) end
end

local clock = redis.call('HGET', STATE, 'clock')
if not clock or clock < ARGV[7] then redis.call('HSET', STATE, 'clock', ARGV[7]) end
local watermark = epoch .. ' ' .. ARGV[5] .. ' ' .. last_fingerprint
redis.call('HSET', STATE, 'mark:' .. origin, watermark, 'extra:' .. origin, last_extra)
now_epoch, now, now_fingerprint = epoch, last, last_fingerprint

-- `pcall`, since everything is applied by now: a user that may not publish must not make that look like a failure.
local published = redis.pcall('PUBLISH', channel, seen .. ' ' .. origin .. ' ' .. watermark .. ' ' .. last_extra)
return answer('applied', type(published) == 'table' and published.err or published)
