-- The engine's operations, one per file, joined to one script by workhall.engine.scripts.
-- An operation reads its arguments from ARGV at position p and returns the position after them.
-- Keys: architecture, "Redis keys"; all begin with saq: but the event stream.

local op = {}
local gaps = {}
local claimed = nil

local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)

-- Order inside a queue: priority first, then first come. 2^43 numbers per priority fit beside 1,000 priorities
-- into the 53 bits that a score holds exactly.
local PRIORITY = 8796093022208
-- A delayed job's score is its time in ms with its priority in the ten bits below.
local DUE = 1024

local function key(queue, part)
  return 'saq:' .. queue .. ':' .. part
end

-- One sleeper per token. A sleeper whose lease has run out is not worth a token.
local function wake(queue)
  while true do
    local worker = redis.call('SPOP', key(queue, 'sleepers'))
    if not worker then return end
    local lease = redis.call('ZSCORE', 'saq:leases', worker)
    if lease and tonumber(lease) > now then
      redis.call('RPUSH', 'saq:wake:' .. worker, queue)
      return
    end
  end
end

local function push(queue, id, priority)
  local order = redis.call('INCR', 'saq:order')
  return redis.call('ZADD', key(queue, 'ready'), 'NX', priority * PRIORITY + order, id)
end
