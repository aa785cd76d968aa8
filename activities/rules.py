"""What is always true of activities, whoever writes them: page, API, admin, import, bulk or SQL."""

import datetime

import pgtrigger
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

# What is said when a trigger refuses, by the name that it gives its rule.
SENTENCES = {
    "activities_no_circle": _("The activities would wait for each other."),
}
EARLIEST = datetime.datetime(1900, 1, 1, tzinfo=datetime.UTC)
LATEST = datetime.datetime(2201, 1, 2, tzinfo=datetime.UTC)

ACTIVITY_CONSTRAINTS = [
    models.CheckConstraint(
        condition=Q(due_at__gte=F("start_at")),
        name="activities_due_after_start",
        violation_error_message=_("An activity cannot be due before it starts."),
    ),
    models.CheckConstraint(
        condition=Q(start_at__gte=EARLIEST, due_at__lt=LATEST),
        name="activities_believable",
        violation_error_message=_("An activity lies between the years 1900 and 2200."),
    ),
    models.CheckConstraint(
        condition=Q(status="done", done_at__isnull=False) | Q(status__in=("open", "cancelled"), done_at=None),
        name="activities_done_has_a_moment",
        violation_error_message=_("Done needs its moment; what is open or cancelled has none."),
    ),
    models.CheckConstraint(
        condition=Q(recurrence=None, occurrence_at=None) | Q(recurrence__isnull=False, occurrence_at__isnull=False),
        name="activities_occurrence",
    ),
    models.UniqueConstraint(fields=["recurrence", "occurrence_at"], name="activities_occurrence_once"),
]

# A reminder that was given is given again if its moment has moved into the future, or to somebody else in time.
SET_REMINDER = """
    NEW.remind_at := NEW.start_at - make_interval(mins => NEW.remind_before);
    IF TG_OP = 'UPDATE' THEN
        IF NEW.remind_at IS DISTINCT FROM OLD.remind_at AND NEW.remind_at > now()
           OR NEW.owner_id IS DISTINCT FROM OLD.owner_id AND NEW.start_at > now() THEN
            NEW.reminded_at := NULL;
        END IF;
    END IF;
    RETURN NEW;
"""

# The opportunity's row is locked first and read in a statement of its own: two who write at once both see the other's.
NOTE_NEXT_STEP = """
    FOR touched IN
        SELECT DISTINCT id FROM unnest(ARRAY[
            CASE WHEN TG_OP <> 'INSERT' THEN OLD.opportunity_id END,
            CASE WHEN TG_OP <> 'DELETE' THEN NEW.opportunity_id END
        ]) AS id WHERE id IS NOT NULL ORDER BY id
    LOOP
        PERFORM FROM opportunities_opportunity WHERE id = touched FOR NO KEY UPDATE;
        SELECT min(due_at) INTO next FROM activities_activity WHERE opportunity_id = touched AND status = 'open';
        UPDATE opportunities_opportunity SET next_step_at = next
        WHERE id = touched AND next_step_at IS DISTINCT FROM next;
    END LOOP;
    RETURN NULL;
"""

ACTIVITY_TRIGGERS = [
    pgtrigger.Trigger(
        name="set_reminder",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert | pgtrigger.UpdateOf("start_at", "remind_before", "remind_at", "owner_id"),
        func=SET_REMINDER,
    ),
    pgtrigger.Trigger(
        name="note_next_step",
        when=pgtrigger.After,
        operation=pgtrigger.Insert | pgtrigger.UpdateOf("opportunity_id", "due_at", "status") | pgtrigger.Delete,
        declare=[("touched", "bigint"), ("next", "timestamptz")],
        func=NOTE_NEXT_STEP,
    ),
]

DEPENDENCY_CONSTRAINTS = [
    models.UniqueConstraint(fields=["activity", "predecessor"], name="activities_dependency_once"),
    models.CheckConstraint(
        condition=~Q(activity=F("predecessor")),
        name="activities_dependency_not_itself",
        violation_error_message=_("An activity cannot depend on itself."),
    ),
]

# Links are made one after the other: two at once could close a circle that neither of them sees.
NO_CIRCLE = """
    PERFORM pg_advisory_xact_lock(hashtext('activities_dependency'));
    IF EXISTS (
        WITH RECURSIVE before AS (
            SELECT NEW.predecessor_id AS id
            UNION
            SELECT d.predecessor_id FROM activities_dependency d JOIN before b ON d.activity_id = b.id
        )
        SELECT FROM before WHERE id = NEW.activity_id
    ) THEN
        RAISE EXCEPTION 'Activities % and % would wait for each other.', NEW.activity_id, NEW.predecessor_id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'activities_no_circle';
    END IF;
    RETURN NULL;
"""

DEPENDENCY_TRIGGERS = [
    pgtrigger.Trigger(
        name="no_circle",
        when=pgtrigger.After,
        operation=pgtrigger.Insert | pgtrigger.UpdateOf("activity_id", "predecessor_id"),
        func=NO_CIRCLE,
    ),
]

# What belonged to an inbox item belongs to the opportunity that it becomes.
HAND_ON = """
    UPDATE activities_activity
    SET opportunity_id = coalesce(opportunity_id, NEW.opportunity_id),
        company_id = coalesce(company_id, NEW.company_id),
        person_id = coalesce(person_id, NEW.person_id),
        updated_at = now()
    WHERE item_id = NEW.id AND opportunity_id IS NULL;
    RETURN NULL;
"""

# Of the inbox's table: the inbox does not know this room.
ITEM_TRIGGERS = [
    pgtrigger.Trigger(
        name="hand_on_activities",
        when=pgtrigger.After,
        operation=pgtrigger.UpdateOf("opportunity_id"),
        condition=pgtrigger.Condition("NEW.opportunity_id IS NOT NULL AND OLD.opportunity_id IS NULL"),
        func=HAND_ON,
    ),
]
