-- schedule id queue priority run_at: the job may start from run_at (epoch ms) on.
-- After: it stands among the delayed with the newest time, and not in the queue. A sleeper is told where the job is
-- now the first to come due, so that it sets its alarm anew.
function op.schedule(p)
  local id, queue, priority, run_at = ARGV[p], ARGV[p + 1], tonumber(ARGV[p + 2]), tonumber(ARGV[p + 3])
  redis.call('ZREM', key(queue, 'ready'), id)
  redis.call('ZADD', key(queue, 'delayed'), run_at * DUE + math.min(priority, DUE - 1), id)
  if redis.call('ZRANGE', key(queue, 'delayed'), 0, 0)[1] == id then wake(queue) end
  return p + 4
end
