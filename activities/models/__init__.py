"""What is to be done, by whom and when; plans, series, invitations, calendar feeds."""

from activities.models.activity import Activity, ActivityType, Dependency, Status, is_late
from activities.models.participant import Answer, Participant
from activities.models.personal import CalendarFeed, Preference
from activities.models.plan import ActivityPlan, Assignee, Begin, PlanStep
from activities.models.recurrence import Recurrence

__all__ = [
    "Activity",
    "ActivityPlan",
    "ActivityType",
    "Answer",
    "Assignee",
    "Begin",
    "CalendarFeed",
    "Dependency",
    "Participant",
    "PlanStep",
    "Preference",
    "Recurrence",
    "Status",
    "is_late",
]
