"""What the sales people of the demo company did and plan: calls, mails, meetings, tasks for the opportunities.

One pass over the opportunities, as in the papers. What is done lies between an opportunity's beginning and its end;
open ones have a next step, some of it overdue; and on some deals the next weeks are planned, step after step.
"""

import datetime
import uuid
from random import Random

from django.db import connection

from activities import actions
from activities.models import Activity, ActivityPlan, ActivityType, Dependency
from crm.core import clock
from crm.demo import words
from crm.demo.load import Table, quoted
from opportunities.models import Pipeline

ROWS = """
    SELECT id, kind, status, company_id, person_id, owner_id,
           created_at AT TIME ZONE 'Europe/Berlin', coalesce(won_at, lost_at) AT TIME ZONE 'Europe/Berlin'
    FROM opportunities_opportunity WHERE id >= %s AND owner_id IS NOT NULL ORDER BY id
"""
# (type, title, hours; 0: whole days), in the order in which such things are done.
DONE = (
    ("Anruf", "Erstgespräch", 0.5),
    ("E-Mail", "Unterlagen geschickt", 0.25),
    ("Aufgabe", "Technische Klärung", 0),
    ("Meeting", "Vor-Ort-Termin", 2),
    ("Anruf", "Rückfragen Konstruktion", 0.5),
    ("Aufgabe", "Angebot erstellt", 0),
    ("Anruf", "Angebot nachgefasst", 0.25),
)
NEXT = (
    ("Anruf", "Preisgespräch", 0.5),
    ("Aufgabe", "Muster bereitstellen", 0),
    ("Meeting", "Vorstellung beim Einkauf", 1.5),
    ("Anruf", "Angebot nachfassen", 0.5),
    ("E-Mail", "Liefertermin bestätigen", 0.25),
    ("Aufgabe", "Zeichnung prüfen", 0),
    ("Meeting", "Werksbesichtigung", 3),
)
CHAIN = (
    ("Meeting", "Lastenheft abstimmen", 2),
    ("Aufgabe", "Auslegung rechnen", 0),
    ("Aufgabe", "Angebot erstellen", 0),
    ("Meeting", "Angebot vorstellen", 1),
)
RESULTS = (
    "Ansprechpartner erreicht, Bedarf bestätigt.", "Nicht erreicht, Rückruf vereinbart.", "Unterlagen angekommen.",
    "Einbaulage geklärt, Zeichnung folgt.", "Preis liegt im Rahmen, Entscheidung im Einkauf.", "", "",
)  # fmt: skip
COLUMNS = (
    "id title type_id owner_id company_id person_id opportunity_id start_at due_at all_day status done_at result "
    "remind_before remind_at uid created_at updated_at"
)
DAY = datetime.timedelta(days=1)


class Agenda:
    """Writes the activities of the opportunities from number `first` on; `now` as the clock here shows it (naive)."""

    def __init__(self, *, seed: int, first: int, now: datetime.datetime):
        self.rng, self.first_opportunity, self.now = Random(seed + 2), first, now
        self.types = dict(ActivityType.objects.values_list("name", "pk"))
        self.activity = Table(Activity, COLUMNS)
        self.dependency = Table(Dependency, "activity_id predecessor_id")
        self.tables = [self.activity, self.dependency]
        self.first = {Activity: _next_id(Activity), Dependency: _next_id(Dependency)}
        self.number = self.first[Activity]

    def tell(self) -> None:
        """Write all of them, and what the opportunities say of their next step."""
        with connection.chunked_cursor() as cursor:
            cursor.execute(ROWS, [self.first_opportunity])
            while rows := cursor.fetchmany(10_000):
                for row in rows:
                    self._live(*row)
        for table in self.tables:
            table.flush()
        with connection.cursor() as cursor:
            cursor.execute(
                "UPDATE opportunities_opportunity o SET next_step_at = a.next "
                "FROM (SELECT opportunity_id, min(due_at) AS next FROM activities_activity "
                "WHERE status = 'open' AND id >= %s GROUP BY opportunity_id) a WHERE a.opportunity_id = o.id",
                [self.first[Activity]],
            )

    def _live(self, pk, kind, status, company, person, owner, created, ended) -> None:
        rng, about = self.rng, (owner, company, person, pk)
        until = min(ended or self.now, self.now)
        days = max(0, (until - created).days)
        steps = sorted(rng.sample(range(len(DONE)), min(len(DONE), rng.randrange(1, 2 + min(3, days // 7)))))
        for n, step in enumerate(steps):
            day = (created + DAY * (days * (n + 1) // (len(steps) + 1))).date()
            self._done(DONE[step], about, day, created, until)
        if status != "open":
            return
        dice = rng.random()
        if kind == "deal" and dice < 0.3:
            self._chain(about)
        elif dice < 0.93:
            late = rng.random() < 0.12
            day = self.now.date() + DAY * (-rng.randrange(1, 9) if late else rng.randrange(0, 21))
            self._plan(rng.choice(NEXT), about, _working(day, -1 if late else 1))

    def _done(self, what, about, day: datetime.date, created, until) -> None:
        start, due, all_day = self._times(what, _working(day, -1))
        finished = max(created, min(due - datetime.timedelta(minutes=5), until))
        if all_day:
            finished = max(created, min(start + datetime.timedelta(hours=15), until))
        begun = max(created, start)
        if begun != start:
            due, all_day = begun + datetime.timedelta(hours=1), False
        made = max(created, min(begun, finished) - DAY * self.rng.randrange(0, 6))
        self._add(what, about, begun, due, all_day, made, done=finished, result=self.rng.choice(RESULTS))

    def _plan(self, what, about, day: datetime.date) -> tuple[int, datetime.date]:
        """An open one from that day on; gives its number and its last day."""
        start, due, all_day = self._times(what, day)
        made = min(start, self.now) - DAY * self.rng.randrange(1, 10)
        remind = 30 if not all_day and self.rng.random() < 0.4 else None
        last = (due - DAY).date() if all_day else due.date()
        return self._add(what, about, start, due, all_day, made, remind=remind), last

    def _chain(self, about) -> None:
        """The next weeks, one step after the other."""
        rng, before = self.rng, None
        day = self.now.date() + DAY * rng.randrange(-3, 8)
        for what in CHAIN[rng.randrange(0, 2) :]:
            number, last = self._plan(what, about, _working(day, 1))
            if before:
                self.dependency.add(number, before)
            before, day = number, last + DAY * (1 + rng.randrange(0, 4))

    def _times(self, what, day: datetime.date) -> tuple[datetime.datetime, datetime.datetime, bool]:
        hours = what[2]
        midnight = datetime.datetime.combine(day, datetime.time())
        if not hours:
            # Not over the weekend.
            days = min(self.rng.choice((1, 1, 2, 3)), max(1, 5 - day.weekday()))
            return midnight, midnight + DAY * days, True
        start = midnight + datetime.timedelta(hours=self.rng.randrange(8, 17), minutes=self.rng.choice((0, 0, 30)))
        return start, start + datetime.timedelta(hours=hours), False

    def _add(self, what, about, start, due, all_day, made, *, done=None, result="", remind=None) -> int:
        kind, title, _hours = what
        number, self.number = self.number, self.number + 1
        remind_at = start - datetime.timedelta(minutes=remind) if remind is not None else None
        self.activity.add(
            number, title, self.types[kind], *about, start.isoformat(" "), due.isoformat(" "), "t" if all_day else "f",
            "done" if done else "open", done.isoformat(" ") if done else None, result, remind,
            remind_at.isoformat(" ") if remind_at else None, uuid.UUID(int=self.rng.getrandbits(128), version=4),
            made.isoformat(" "), (done or made).isoformat(" "),
        )  # fmt: skip
        return number


def standards(users: dict, now: datetime.datetime) -> None:
    """A plan for the deals, and the team's weekly meeting for the next half year. `now` is aware."""
    plan, new = ActivityPlan.objects.get_or_create(
        pipeline=Pipeline.objects.get(name=words.SERIES_PIPELINE), name="Angebot bis Auftrag"
    )
    if new:
        kinds = {kind.name: kind for kind in ActivityType.objects.all()}
        for place, (kind, title, offset, days, assignee) in enumerate(words.PLAN, 1):
            plan.steps.create(
                position=place * 10, title=title, type=kinds[kind], offset=offset, duration=days, assignee=assignee
            )
    monday = now.date() + DAY * (7 - now.weekday())
    lead = users["lindner"]
    start = clock.midnight(monday, lead.zone) + datetime.timedelta(hours=9)
    actions.create_series(
        by=users["admin"],
        rule="FREQ=WEEKLY;BYDAY=MO;COUNT=26",
        title="Vertriebsrunde",
        type=ActivityType.objects.get(name="Meeting"),
        owner=lead,
        location="Besprechungsraum 2",
        start_at=start,
        due_at=start + datetime.timedelta(hours=1),
    )


def _working(day: datetime.date, step: int) -> datetime.date:
    """That day, or in direction `step` the nearest one that is no weekend."""
    while day.weekday() > 4:
        day += DAY * step
    return day


def _next_id(model) -> int:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT coalesce(max(id), 0) + 1 FROM {quoted(model._meta.db_table)}")
        return cursor.fetchone()[0]
