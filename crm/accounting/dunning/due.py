"""What is due: overdue invoices, with the day on which each is ripe for its next reminder."""

import datetime

from django.db.models import BooleanField, DateField, ExpressionWrapper, F, Max, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from crm.core import clock
from crm.sales.models import DunningLevel, DunningNotice


def with_next_reminder(invoices: QuerySet, today: datetime.date | None = None) -> QuerySet:
    """The overdue ones of `invoices`, annotated: reminded_on, next_level, next_name, ripe_on, is_ripe.

    Days are counted from the due date, or from the day that the last reminder gave. Where there is no further level,
    next_level and ripe_on are None. is_ripe: may be reminded of today, as nobody has blocked it.
    """
    today = today or clock.today()
    notices = DunningNotice.objects.filter(invoice=OuterRef("pk")).order_by().values("invoice")
    levels = DunningLevel.objects.filter(level__gt=OuterRef("dunning_level")).order_by("level")
    return (
        invoices.overdue(today)
        .annotate(
            asked_until=Coalesce(Subquery(notices.annotate(last=Max("due_date")).values("last")), F("due_date")),
            reminded_on=Subquery(notices.annotate(last=Max("issued_on")).values("last")),
            next_level=Subquery(levels.values("level")[:1]),
            next_name=Subquery(levels.values("name")[:1]),
            next_days=Subquery(levels.values("days_after_due")[:1]),
        )
        .annotate(ripe_on=ExpressionWrapper(F("asked_until") + F("next_days"), output_field=DateField()))
        .annotate(is_ripe=ExpressionWrapper(Q(dunning_block=None, ripe_on__lte=today), output_field=BooleanField()))
    )
