-- publish id seq final event brand user data: announce a committed event, once and in order.
-- At or below the last published seq: dropped. Above the next one: not published but answered as a gap {id, last},
-- the publisher reads the missing rows and comes again. The seq is kept a day, ten minutes after a job's end.
-- The stream keeps five minutes by Redis's own clock, which connection state recovery needs.
function op.publish(p)
  local id, seq = ARGV[p], tonumber(ARGV[p + 1])
  local seen = 'saq:seq:' .. id
  local last = tonumber(redis.call('GET', seen) or '0')
  if seq == last + 1 then
    redis.call('SET', seen, seq, 'EX', ARGV[p + 2] == '1' and 600 or 86400)
    redis.call('XADD', 'socket:events', 'MINID', '~', now - 300000, '*', 'j', id, 's', seq,
      'e', ARGV[p + 3], 'b', ARGV[p + 4], 'u', ARGV[p + 5], 'd', ARGV[p + 6])
  elseif seq > last then
    gaps[#gaps + 1] = {id, last}
  end
  return p + 7
end
