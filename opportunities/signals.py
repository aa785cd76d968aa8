"""What this room tells the rooms above, which it does not know."""

from django.dispatch import Signal

# An opportunity has come to a stage by a verb: made, moved, converted, on another pipeline. Not by an import, which
# tells of the past, nor because its stage was deleted. Sent with `opportunity` and `by`, in the verb's transaction:
# who writes to the database does so in a savepoint of his own.
stage_entered = Signal()
