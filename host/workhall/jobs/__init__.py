"""Jobs: submit, execute, transitions, steps, events, credits, records.

Knows neither Redis nor the web: it writes through `workhall.jobs.ports.Store` and announces through
`workhall.jobs.ports.Dispatcher`.
"""
