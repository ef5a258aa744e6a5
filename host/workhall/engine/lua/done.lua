-- done worker id: the worker is through with the job, whatever became of it.
-- After: the worker's claims don't hold it.
function op.done(p)
  redis.call('SREM', 'saq:claims:' .. ARGV[p], ARGV[p + 1])
  return p + 2
end
