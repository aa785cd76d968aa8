"""How often somebody has called: one row for each caller, so that every web server counts the same."""

import datetime

from django.db import connection, models
from django.utils import timezone


class Throttle(models.Model):
    """The requests of one caller (a user, or an address that failed to sign in) in the minute `since`."""

    caller = models.CharField(max_length=60, primary_key=True)
    since = models.DateTimeField(db_index=True)
    count = models.PositiveIntegerField(default=0)

    class Meta:
        verbose_name = "API throttle"

    def __str__(self):
        return f"{self.caller}: {self.count}"

    @classmethod
    def count_up(cls, caller: str) -> int:
        """One more request of `caller`; gives how many that makes in this minute. One statement, safe in parallel.

        By the clock: now() is when the transaction began, which may be in the minute before.
        """
        with connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO api_throttle AS t (caller, since, count) "
                "VALUES (%s, date_trunc('minute', clock_timestamp()), 1) "
                "ON CONFLICT (caller) DO UPDATE SET since = excluded.since, "
                "count = CASE WHEN t.since = excluded.since THEN t.count + 1 ELSE 1 END RETURNING count",
                [caller],
            )
            count = cursor.fetchone()[0]
        if count == 1:
            # Callers that have not come back for a day; there is nothing to remember of them.
            cls.objects.filter(since__lt=timezone.now() - datetime.timedelta(days=1)).delete()
        return count

    @classmethod
    def so_far(cls, caller: str) -> int:
        """How many requests of `caller` were counted in this minute."""
        minute = timezone.now().replace(second=0, microsecond=0)
        return cls.objects.filter(caller=caller, since__gte=minute).values_list("count", flat=True).first() or 0
