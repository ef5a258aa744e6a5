-- tell worker id: somebody asked for the end of a job that this worker runs.
-- After: the worker's wake list has a token that names the job. It lives as long as a lease: a worker that does not
-- read it by then is gone, or has read its rows.
function op.tell(p)
  local list = 'saq:wake:' .. ARGV[p]
  redis.call('RPUSH', list, 'cancel:' .. ARGV[p + 1])
  redis.call('PEXPIRE', list, 10000)
  return p + 2
end
