-- Everything that one event-loop turn produced: operations one after the other, each with its name in front.
local p = 1
while p <= #ARGV do
  p = op[ARGV[p]](p + 1)
end
return {gaps, claimed or false}
