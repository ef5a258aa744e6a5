-- enqueue id queue priority: the job may start now.
-- After: it stands in the queue exactly once, and not among the delayed; one sleeper is told.
function op.enqueue(p)
  local id, queue, priority = ARGV[p], ARGV[p + 1], tonumber(ARGV[p + 2])
  redis.call('ZREM', key(queue, 'delayed'), id)
  if push(queue, id, priority) == 1 then wake(queue) end
  return p + 3
end
