"""The command line: thin commands that parse, call and print.

Exit codes: 0 done, 1 the thing failed (one sentence on stderr), 2 wrong usage.
"""
