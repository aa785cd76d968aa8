"""Invitations: people outside get an activity as an appointment by mail (iTIP, RFC 5546), and what they answer is kept.

A mail leaves through the outbox, in the transaction of the verb that causes it (actions.py). A series is one
appointment with its rule. Who was invited is told what changes as long as it lies ahead. An answer is believed of
those who were invited, and of nobody else.
"""

import re
import uuid
from collections.abc import Iterable

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, override
from icalendar import vCalAddress

from activities import ical, series, wording
from activities.models import Activity, Answer, Participant, Recurrence, Status
from contacts.models import Person
from contacts.salutation import salutation
from crm.core import clock, frame
from crm.core.normalise import email as normal
from crm.core.normalise import line
from crm.core.refusals import Refused
from crm.mail import actions as mail
from crm.mail import calendars, filing, kinds, writing
from crm.mail.models import Address
from crm.mail.reading import Invitation
from crm.notices.actions import tell as notify

MOST = 50
REQUEST, CANCEL = "REQUEST", "CANCEL"
PARTSTAT = {
    Answer.WAITING: "NEEDS-ACTION",
    Answer.ACCEPTED: "ACCEPTED",
    Answer.TENTATIVE: "TENTATIVE",
    Answer.DECLINED: "DECLINED",
}
ANSWERS = {word: answer for answer, word in PARTSTAT.items() if answer != Answer.WAITING}
PLACEHOLDERS = (
    kinds.Placeholder("salutation", gettext_lazy("Salutation"), gettext_lazy("Dear Ms Kurz,")),
    kinds.Placeholder("title", gettext_lazy("Title"), gettext_lazy("Servo drives")),
    kinds.Placeholder("when", gettext_lazy("When it is"), "24.11.2026, 10:00 – 11:00 (Europe/Berlin)"),
    kinds.Placeholder("where", gettext_lazy("Where it is"), "Ulm"),
    kinds.Placeholder("notes", gettext_lazy("Notes"), gettext_lazy("Please bring the drawings.")),
    kinds.Placeholder("sender", gettext_lazy("Name of the sender"), "Anna Berger"),
    kinds.Placeholder("company", gettext_lazy("Own company"), "Nordlicht Antriebe"),
)
NEW = kinds.Kind(
    "invitation",
    gettext_lazy("Invitation"),
    gettext_lazy("When somebody is invited to an activity."),
    gettext_lazy("Invitation: {title}"),
    gettext_lazy(
        "{salutation}\n\nyou are invited:\n\n{title}\n{when}\n{where}\n\n{notes}\n\n"
        "Please say whether you can come: your calendar offers to accept or decline, or simply answer this mail.\n\n"
        "Kind regards\n{sender}\n{company}"
    ),
    PLACEHOLDERS,
)
CHANGED = kinds.Kind(
    "invitation_changed",
    gettext_lazy("Invitation: change"),
    gettext_lazy("When something changes about an activity to which somebody is invited."),
    gettext_lazy("Changed: {title}"),
    gettext_lazy(
        "{salutation}\n\nsomething has changed. From now on it is:\n\n{title}\n{when}\n{where}\n\n{notes}\n\n"
        "Kind regards\n{sender}\n{company}"
    ),
    PLACEHOLDERS,
)
CANCELLED = kinds.Kind(
    "invitation_cancelled",
    gettext_lazy("Invitation: cancellation"),
    gettext_lazy("When an activity is cancelled, or somebody is no longer invited to it."),
    gettext_lazy("Cancelled: {title}"),
    gettext_lazy(
        "{salutation}\n\nthis appointment does not take place for you:\n\n{title}\n{when}\n\n"
        "Kind regards\n{sender}\n{company}"
    ),
    PLACEHOLDERS,
)


# ── who is invited ──────────────────────────────────────────────────────────────────────────────────
def guests(by, people: Iterable[Person], emails: Iterable[str]) -> list[tuple[Person | None, str, str]]:
    """[(person, name, e-mail)] of those who are to be invited. Raises Refused for whoever has no e-mail address."""
    known = list(Person.objects.visible_to(by).filter(pk__in=[person.pk for person in people]))
    if len(known) < len({person.pk for person in people}):
        raise Person.DoesNotExist
    found = {}
    for person in known:
        if not person.email:
            raise Refused(_("%(person)s has no e-mail address. Enter one there first.") % {"person": person})
        found[normal(person.email)] = (person, str(person))
    for email in emails:
        try:
            Participant._meta.get_field("email").run_validators(email)
            validate_email(email)
        except ValidationError:
            raise Refused(_("“%(address)s” is not an e-mail address.") % {"address": line(email)[:100]}) from None
        found.setdefault(normal(email), (None, ""))
    return [(person, name[:200], email) for email, (person, name) in found.items()]


def add(activities: list[Activity], who: list[tuple[Person | None, str, str]]) -> list[Participant]:
    """The participants that are new among these, of each of the activities. Raises Refused if they become too many."""
    there = {(one.activity_id, one.email.lower()) for one in invited(activities)}
    if len({email for _activity, email in there} | {email for _person, _name, email in who}) > MOST:
        raise Refused(_("At most %(most)s people can be invited.") % {"most": MOST})
    new = [
        Participant(activity=activity, person=person, name=name, email=email)
        for activity in activities
        for person, name, email in who
        if (activity.pk, email) not in there
    ]
    return Participant.objects.bulk_create(new)


def invited(activities: Iterable[Activity], email: str | None = None) -> list[Participant]:
    """Those who are invited to these activities; `email`: only that one."""
    found = Participant.objects.filter(activity__in=[activity.pk for activity in activities])
    found = found if email is None else found.filter(email__iexact=email)
    return list(found.select_related("person").order_by("pk"))


# ── what they are told ──────────────────────────────────────────────────────────────────────────────
def tell(activity: Activity, by, *, guests=None, is_moved: bool = False) -> None:
    """Send an activity, as it is now, to everybody who is invited, or to these `guests` alone.

    `is_moved`: what they answered was to another time. Nothing is said any more of what is over or not open.
    """
    everybody = invited([activity])
    guests = everybody if guests is None else guests
    if not guests or not activity.is_open or activity.due_at <= timezone.now():
        return
    if is_moved:
        _ask_again(everybody)
    event = _one(activity, _writer(by, {activity.pk: everybody}))
    for guest in guests:
        _send(guest, activity, by, REQUEST, [event], NEW if guest.invited_sequence is None else CHANGED)
    Participant.objects.filter(pk__in=[guest.pk for guest in guests]).update(invited_sequence=activity.sequence)


def call_off(activity: Activity, by, guests: list[Participant]) -> None:
    """Tell these guests that an activity does not take place for them."""
    told = [guest for guest in guests if guest.invited_sequence is not None]
    if not told or activity.due_at <= timezone.now():
        return
    event = _one(activity, _writer(by, {activity.pk: guests}))
    event["STATUS"] = "CANCELLED"
    for guest in told:
        _send(guest, activity, by, CANCEL, [event], CANCELLED)


def _one(activity: Activity, writer: ical.Writer):
    """The event of one activity; of a series it is the one at its place."""
    zone = clock.zone(activity.recurrence.time_zone) if activity.recurrence_id else None
    place = (
        next((one for one in series.counted(activity.recurrence) if one.at == activity.occurrence_at), None)
        if zone
        else None
    )
    return ical.of_place(activity, place, zone, writer) if place else ical.single(activity, writer)


def tell_series(recurrence: Recurrence, by, *, guests=None, is_moved: bool = False) -> None:
    """Send a series, as it is now, to everybody who is invited to it, or to those of these `guests` alone.

    Each gets the occurrences to which he is invited; for whom none is left, it is called off.
    """
    rows = list(recurrence.activities.exclude(status=Status.CANCELLED).select_related("recurrence").order_by("pk"))
    everybody = invited(rows)
    by_email = {}
    for one in everybody if guests is None else guests:
        by_email.setdefault(one.email.lower(), one)
    if is_moved:
        _ask_again([one for one in everybody if one.answer != Answer.WAITING])
    per_row = {}
    for one in everybody:
        per_row.setdefault(one.activity_id, []).append(one)
    writer = _writer(by, per_row)
    for email, guest in by_email.items():
        mine = [row for row in rows if any(one.email.lower() == email for one in per_row.get(row.pk, ()))]
        _send_series(guest, mine, recurrence, by, writer, [one for one in everybody if one.email.lower() == email])


def _send_series(guest, mine: list[Activity], recurrence, by, writer, places: list[Participant]) -> None:
    if not any(row.is_open and row.due_at > timezone.now() for row in mine):
        if guest.invited_sequence is not None and not mine:
            _call_off_series(guest, recurrence, by, writer)
        return
    is_new = all(one.invited_sequence is None for one in places)
    _send(guest, mine[0], by, REQUEST, ical.of_series(recurrence, mine, writer), NEW if is_new else CHANGED, recurrence)
    sequences = {row.pk: row.sequence for row in mine}
    for one in places:
        one.invited_sequence = sequences[one.activity_id]
    Participant.objects.bulk_update(places, ["invited_sequence"], batch_size=series.MOST)


def _call_off_series(guest, recurrence, by, writer) -> None:
    """The whole series, by its key alone: what its occurrences were does not matter any more."""
    last = recurrence.activities.order_by("-sequence").first() or guest.activity
    last.recurrence = recurrence
    event = ical.whole(recurrence, last, writer)
    event["STATUS"], event["SEQUENCE"] = "CANCELLED", max(last.sequence, guest.invited_sequence + 1)
    if "ATTENDEE" not in event:
        event.add("attendee", _attendee(guest))
    _send(guest, last, by, CANCEL, [event], CANCELLED, recurrence)


def tell_cut(before: Recurrence, after: Recurrence, by, *, is_moved: bool) -> None:
    """Of a series that was changed from one of its occurrences on: where it ends now, and how it goes on."""
    if before.pk != after.pk:
        tell_series(before, by)
    tell_series(after, by, is_moved=is_moved)


def _ask_again(everybody: list[Participant]) -> None:
    for one in everybody:
        one.answer, one.answered_at = Answer.WAITING, None
    pks = [one.pk for one in everybody]
    Participant.objects.filter(pk__in=pks).update(answer=Answer.WAITING, answered_at=None)


def _writer(by, per_row: dict[int, list[Participant]]) -> ical.Writer:
    """Events with who invites, and who is invited; without links, as they lead to nothing for people outside."""
    capture = Address.objects.capture()

    def finish(event, activity) -> None:
        # Whoever is responsible, not whoever changes it: calendar programs take changes from nobody else.
        host = activity.owner or by
        person = vCalAddress(f"mailto:{capture or host.email}")
        person.params["CN"] = line(str(host))
        event.add("organizer", person)
        for one in per_row.get(activity.pk, ()):
            event.add("attendee", _attendee(one))

    return ical.Writer(by.zone, lambda activity: activity.notes, finish=finish)


def _attendee(one: Participant) -> vCalAddress:
    found = vCalAddress(f"mailto:{one.email}")
    found.params["CN"] = line(str(one))
    found.params["CUTYPE"], found.params["ROLE"] = "INDIVIDUAL", "REQ-PARTICIPANT"
    found.params["PARTSTAT"] = PARTSTAT[one.answer]
    found.params["RSVP"] = "TRUE"
    return found


def _send(guest: Participant, activity, by, method, events, kind: kinds.Kind, recurrence=None) -> None:
    content = ical.calendar(events, method=method).to_ical().decode()
    language = settings.LANGUAGE_CODE
    with override(language), timezone.override(by.zone):
        values = {
            "salutation": salutation(guest.person),
            "title": activity.title,
            "when": when(activity, recurrence),
            "where": activity.location,
            "notes": activity.notes,
            "sender": str(by),
            "company": frame.company_name(),
        }
        subject, text = kinds.compose(kind.key, language, values)
    places = _places(activity) or filing.addressed({normal(guest.email)})
    mail.send(
        by=by,
        to=guest.email,
        subject=writing.numbered(subject, activity.opportunity),
        text=text,
        calendar=content,
        places=places,
    )


def _places(activity: Activity) -> list[filing.Place]:
    records = (activity.opportunity, activity.person, activity.company)
    return [(filing.drawer_of(record).key, record.pk) for record in records if record]


def when(activity: Activity, recurrence: Recurrence | None = None) -> str:
    """The time of an activity in words, and the time zone in which it is told."""
    text = wording.when(activity)
    if not activity.all_day:
        text = f"{text} ({timezone.get_current_timezone_name()})"
    return f"{text}\n{series.in_words(recurrence)}" if recurrence else text


# ── what they answer ────────────────────────────────────────────────────────────────────────────────
def take(invitation: Invitation, sender: str) -> calendars.Taken | None:
    """Keep the answer of `sender`; None for what is no appointment of ours."""
    activities = _meant(invitation)
    if not activities:
        return None
    first = activities[0]
    mine = [one for one in invited(activities, sender) if one.invited_sequence is not None]
    if mine:
        answer = ANSWERS.get(dict(invitation.answers).get(sender, ""))
        if answer is None:
            # Neither yes nor no, or in the name of somebody else: a mail like others.
            return None
        _keep(mine, answer, invitation, first)
    return calendars.Taken(_places(first), first.owner_id, believed=bool(mine))


def _meant(invitation: Invitation) -> list[Activity]:
    """The activities that an answer is about: of a series without saying which, all of them."""
    key, _at, _domain = invitation.uid.partition("@")
    rows = Activity.objects.select_related("opportunity", "person", "company", "owner", "recurrence")
    if number := re.fullmatch(rf"{ical.SERIES}(\d{{1,18}})", key):
        rows = list(rows.filter(recurrence=int(number[1])).order_by("occurrence_at"))
        if invitation.recurrence_at is None:
            return rows
        return [row for row in rows if _is_place(row, invitation)]
    try:
        return list(rows.filter(uid=uuid.UUID(key)))
    except ValueError:
        return []


def _is_place(row: Activity, invitation: Invitation) -> bool:
    if invitation.recurrence_day:
        zone = clock.zone(row.recurrence.time_zone)
        return series.wall_of(row.occurrence_at, zone).date() == invitation.recurrence_at.date()
    return row.occurrence_at == invitation.recurrence_at


def _keep(mine: list[Participant], answer: str, invitation: Invitation, activity: Activity) -> None:
    """Write the answer down, unless it is to an invitation that has been replaced, or older than what is known."""
    now = timezone.now()
    at = min(invitation.stamp or now, now)
    newer = Q(answered_at=None) | Q(answered_at__lte=at)
    if invitation.sequence is not None:
        newer &= Q(invited_sequence__lte=invitation.sequence)
    rows = Participant.objects.filter(newer, pk__in=[one.pk for one in mine])
    changes = rows.exclude(answer=answer).exists()
    kept = rows.update(answer=answer, answered_at=at)
    if kept and changes:
        _tell_owner(mine[0], answer, activity, at)


def _tell_owner(guest: Participant, answer: str, activity: Activity, at) -> None:
    owner = activity.owner
    if owner is None:
        return
    with override(owner.language or settings.LANGUAGE_CODE):
        text = {
            Answer.ACCEPTED: _("%(name)s accepts: %(title)s"),
            Answer.TENTATIVE: _("%(name)s may come: %(title)s"),
            Answer.DECLINED: _("%(name)s declines: %(title)s"),
        }[answer] % {"name": guest, "title": activity}
    key = f"invitation:{guest.pk}:{guest.invited_sequence}:{at.isoformat()}"
    notify(user=owner, key=key, text=text[:300], icon="mail", url=activity.get_absolute_url())


def register() -> None:
    """Called when the applications are ready."""
    for kind in (NEW, CHANGED, CANCELLED):
        kinds.register(kind)
    calendars.register(take)
