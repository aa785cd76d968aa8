"""What the CRM costs, measured: `make bench`. Timings live here and in no test, as a machine may be busy.

A module of this package brings rows: functions with `@row(...)` (rows.py), which set up what they need, measure, and
give one number. Each has a database of its own.
"""
