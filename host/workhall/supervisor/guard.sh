# Keeps the server given as arguments until standard input, the lifeline, ends: its writers are the supervisor and
# every child, so the end comes when the last of them is gone, however it died. Ends with the server's exit code.
# A supervisor that dies while one of us is stopped leaves an orphaned process group, which the kernel hangs up
# (POSIX, _Exit): the server would stay, and nobody to end it.
trap '' HUP
exec 3<&0
"$@" </dev/null 3<&- &
server=$!
{
    while read -r _; do :; done
    kill -TERM "$server"
    trap 'kill "$!"; wait "$!"; exit 0' TERM
    sleep 10 &
    wait "$!"
    kill -KILL "$server"
} 2>/dev/null <&3 &
watcher=$!
exec 3<&-
wait "$server"
code=$?
kill -TERM "$watcher" 2>/dev/null
wait "$watcher"
exit "$code"
