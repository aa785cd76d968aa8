"""The rows of a series: made at once, changed from one of them on. Who may do so, the verbs have asked (actions.py).

From one on, a series is cut in two: the old rule ends before, and a new one begins there. What is done, cancelled or
was moved by itself stays as it is, and belongs to the new rule at the place that it had in the old one.
"""

from django.utils import timezone

from activities import series
from activities.models import Activity, Participant, Recurrence, Status
from activities.series import Occurrence, Rule
from crm.core import clock

TIMES = {"start_at", "due_at", "all_day"}
# What a further occurrence has from the one that it is made after.
SAME = (
    "title", "type", "owner", "company", "person", "opportunity", "item", "all_day", "priority", "location", "notes",
    "remind_before",
)  # fmt: skip
WRITTEN = ["recurrence", "occurrence_at", "start_at", "due_at", "sequence", "updated_at"]


def make(rule: Rule, time_zone: str, fields: dict) -> list[Activity]:
    """The activities of a new series, all of them or none. `fields` are those of the first; see actions.about."""
    like = Activity(**fields)
    like.start_at, like.due_at = like.start_at or like.due_at, like.due_at or like.start_at
    zone = clock.zone(time_zone)
    found = series.planned(rule, series.wall_of(like.start_at, zone), zone)
    recurrence = Recurrence.objects.create(rule=str(rule), starts_at=found[0].at, time_zone=time_zone)
    return _add(like, recurrence, found)


def begin(activity: Activity, rule: Rule, time_zone: str) -> None:
    """An activity that stood alone becomes the first of a series."""
    zone = clock.zone(time_zone)
    found = series.planned(rule, series.wall_of(activity.start_at, zone), zone)
    recurrence = Recurrence.objects.create(rule=str(rule), starts_at=found[0].at, time_zone=time_zone)
    _put(activity, recurrence, found[0], zone, activity)
    activity.save(update_fields=WRITTEN)
    _add(activity, recurrence, found[1:], activity.participants.all())


def _add(like: Activity, recurrence: Recurrence, found: list[Occurrence], people=(), sequence: int = 0):
    """An activity like that one at each of these places, with the same people invited; gives the new ones."""
    zone = clock.zone(recurrence.time_zone)
    rows = []
    for one in found:
        row = Activity(sequence=sequence, **{name: getattr(like, name) for name in SAME})
        _put(row, recurrence, one, zone, like)
        rows.append(row)
    Activity.objects.bulk_create(rows)
    Participant.objects.bulk_create(
        [Participant(activity=row, person=one.person, name=one.name, email=one.email) for row in rows for one in people]
    )
    return rows


def _put(row: Activity, recurrence: Recurrence, one: Occurrence, zone, like: Activity) -> None:
    """`row` at its place, as long as `like`: of whole days as many days, however many hours they have."""
    length = like.due_at - like.start_at
    if like.all_day:
        days = series.wall_of(like.due_at, zone) - series.wall_of(like.start_at, zone)
        due = series.localised(one.wall + days, zone)
    else:
        due = one.at + length
    row.recurrence, row.occurrence_at, row.start_at, row.due_at = recurrence, one.at, one.at, due


class Ahead:
    """A series from one of its occurrences on, locked.

    `found`: where its rule has them. `rows`: those that are there. `open`: those that are not done or cancelled, and in
    the hands of whoever changes it (`reachable`); and the one itself. `free`: of these what follows when the series is
    moved: those that are where the rule has them; and the one itself.
    """

    def __init__(self, here: Activity, reachable):
        self.here = here
        self.recurrence = Recurrence.objects.select_for_update().get(pk=here.recurrence_id)
        self.zone, self.rule = clock.zone(self.recurrence.time_zone), Rule.parse(self.recurrence.rule)
        whole = series.counted(self.recurrence)
        self.found = [one for one in whole if one.at >= here.occurrence_at]
        self.is_whole = len(self.found) == len(whole)
        rows = Activity.objects.filter(recurrence=self.recurrence, occurrence_at__gte=here.occurrence_at)
        self.rows = list(rows.select_for_update(of=("self",)).select_related("recurrence").order_by("pk"))
        mine = set(reachable.filter(recurrence=self.recurrence).values_list("pk", flat=True))
        self.open = [row for row in self.rows if row.pk == here.pk or (row.pk in mine and row.is_open)]
        self.free = [row for row in self.open if row.pk == here.pk or row.start_at == row.occurrence_at]

    def end(self) -> None:
        """The rule ends before; of the whole series nothing would be left to say, so its rule stays."""
        if not self.is_whole and self.found:
            self.recurrence.rule = str(self.rule.ending(self.found[0].wall.date() - series.ONE_DAY))
            self.recurrence.save(update_fields=["rule"])

    def sequence(self) -> int:
        """The next number for those who were invited: above that of each single one."""
        return max(row.sequence for row in self.rows) + 1


def change(ahead: Ahead, changes: dict, rule: Rule | None, *, told: bool) -> None:
    """Change a series from `ahead.here` on. Raises Refused; then nothing is changed.

    `changes` by the fields' names; with another start the rule moves along, in wall-clock time. `rule`: another one.
    `told`: those who were invited have to know.
    """
    zone, wall, kept = ahead.zone, ahead.found[0].wall, rule or _rest(ahead)
    if "start_at" in changes:
        begins = series.wall_of(changes["start_at"], zone)
        kept, wall = kept if rule else kept.follow(wall.date(), begins.date()), begins
    found = series.planned(kept, wall, zone)
    # With another end only, each stays at the place that it has.
    same = rule is None or rule.without_end() == ahead.rule.without_end()
    places, missing = _places(ahead, found, same)
    like = Activity(**{name: changes.get(name, getattr(ahead.here, name)) for name in (*SAME, "start_at", "due_at")})
    recurrence, sequence = _cut(ahead, kept, found[0]), ahead.sequence()
    free = {row.pk for row in ahead.free}
    for row in ahead.rows:
        one = places.get(row.pk)
        if row.pk not in free:
            row.recurrence, row.occurrence_at = (recurrence, one.at) if one else (None, None)
            continue
        for name in changes.keys() - {"start_at", "due_at"}:
            setattr(row, name, changes[name])
        row.sequence, row.updated_at = sequence if told else row.sequence, timezone.now()
        if one and row.start_at != row.occurrence_at and not TIMES & changes.keys() and rule is None:
            # It was moved by itself, and no word was said about time.
            row.recurrence, row.occurrence_at = recurrence, one.at
        elif one:
            _put(row, recurrence, one, zone, like if TIMES & changes.keys() else row)
        else:
            # The new rule does not have it.
            row.recurrence, row.occurrence_at, row.status = None, None, Status.CANCELLED
    Activity.objects.bulk_update(ahead.rows, {*WRITTEN, "status", *changes}, batch_size=series.MOST)
    _add(like, recurrence, missing, ahead.here.participants.all(), sequence)


def left(activity: Activity) -> Rule | None:
    """The rule of an activity's series as it goes on from there; None where it is no place of one."""
    if not activity.recurrence_id:
        return None
    rule = Rule.parse(activity.recurrence.rule)
    ahead = [one for one in series.counted(activity.recurrence) if one.at >= activity.occurrence_at]
    if not ahead or ahead[0].at != activity.occurrence_at:
        return None
    return rule.times(len(ahead)) if rule.count else rule


def _rest(ahead: Ahead) -> Rule:
    """The rule as it goes on from here."""
    return ahead.rule.times(len(ahead.found)) if ahead.rule.count else ahead.rule


def _cut(ahead: Ahead, rule: Rule, first: Occurrence) -> Recurrence:
    """The row of the rule from here on: the same one, if it is the whole series."""
    ahead.end()
    if not ahead.is_whole:
        time_zone = ahead.recurrence.time_zone
        return Recurrence.objects.create(rule=str(rule), starts_at=first.at, time_zone=time_zone)
    # For a moment without places: two of them may change theirs with each other.
    Activity.objects.filter(pk__in=[row.pk for row in ahead.rows]).update(recurrence=None, occurrence_at=None)
    ahead.recurrence.rule, ahead.recurrence.starts_at = str(rule), first.at
    ahead.recurrence.save(update_fields=["rule", "starts_at"])
    return ahead.recurrence


def _places(ahead: Ahead, found: list[Occurrence], same: bool) -> tuple[dict[int, Occurrence], list[Occurrence]]:
    """({row's id: its new place}, the new places that nobody has).

    Of the `same` rule the third stays the third, and what was deleted stays so. With another one those that are free
    take the places in their order.
    """
    if same:
        number = {one.at: n for n, one in enumerate(ahead.found)}
        taken = {row.pk: number.get(row.occurrence_at, len(found)) for row in ahead.rows}
        return {pk: found[n] for pk, n in taken.items() if n < len(found)}, found[len(ahead.found) :]
    free = sorted(ahead.free, key=lambda row: row.occurrence_at)
    return {row.pk: one for row, one in zip(free, found, strict=False)}, found[len(free) :]


def stop(ahead: Ahead) -> list[Activity]:
    """The rule ends before `ahead.here`; gives those that are still open, for them to be cancelled or deleted."""
    ahead.end()
    return ahead.open
