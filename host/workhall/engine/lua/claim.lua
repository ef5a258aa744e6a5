-- claim worker n (queue want)*n: take up to want jobs of each queue for this worker.
-- After: the ids taken stand in the worker's claims and in no queue. A queue that had fewer than wanted notes the
-- worker among its sleepers; one that filled all its slots does not (it could not use a wake token) and, if it has
-- more left, tells the next sleeper.
-- Answer: the epoch, the ids, and the ms until the next delayed job of these queues (-1 for none).
local function promote(queue)
  local due = redis.call('ZRANGEBYSCORE', key(queue, 'delayed'), '-inf', (now + 1) * DUE - 1, 'WITHSCORES', 'LIMIT', 0, 100)
  for i = 1, #due, 2 do
    push(queue, due[i], tonumber(due[i + 1]) % DUE)
    redis.call('ZREM', key(queue, 'delayed'), due[i])
  end
end

local function take(worker, queue, want, ids)
  promote(queue)
  local popped = redis.call('ZPOPMIN', key(queue, 'ready'), want)
  for i = 1, #popped, 2 do
    redis.call('SADD', 'saq:claims:' .. worker, popped[i])
    ids[#ids + 1] = popped[i]
  end
  if #popped < want * 2 then
    redis.call('SADD', key(queue, 'sleepers'), worker)
    return
  end
  redis.call('SREM', key(queue, 'sleepers'), worker)
  if redis.call('EXISTS', key(queue, 'ready')) == 1 then wake(queue) end
end

local function until_due(queue, soonest)
  local first = redis.call('ZRANGE', key(queue, 'delayed'), 0, 0, 'WITHSCORES')
  if not first[2] then return soonest end
  local ms = math.max(0, math.floor(tonumber(first[2]) / DUE) - now)
  return soonest < 0 and ms or math.min(soonest, ms)
end

function op.claim(p)
  local worker, queues = ARGV[p], tonumber(ARGV[p + 1])
  local ids, soonest = {}, -1
  for i = 1, queues do
    local queue, want = ARGV[p + 2 * i], tonumber(ARGV[p + 2 * i + 1])
    take(worker, queue, want, ids)
    soonest = until_due(queue, soonest)
  end
  claimed = {redis.call('GET', 'saq:epoch') or '', ids, soonest}
  return p + 2 + 2 * queues
end
