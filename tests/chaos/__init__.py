"""Long runs in which everything is killed: `make chaos`. The suite has a short one.

They have servers of their own (.local/chaos), as durable as those that one works with.
"""
