"""Invitations: the first event of a calendar that came with a mail."""

import datetime

from crm.mail.reading import limits
from crm.mail.reading.addresses import people
from crm.mail.reading.charsets import decode, line
from crm.mail.reading.kinds import Address, Invitation

METHODS = {"PUBLISH", "REQUEST", "REPLY", "ADD", "CANCEL", "REFRESH", "COUNTER", "DECLINECOUNTER"}


def read(content: bytes, declared: str, charset: str) -> Invitation | None:
    """The invitation in a calendar; `declared` is the method that the mail names. None for what is no calendar."""
    if len(content) > limits.CALENDAR_BYTES or b"BEGIN:VEVENT" not in content.upper():
        return None
    # Half a second to import, and few mails have a calendar.
    from icalendar import Calendar

    try:
        calendar = Calendar.from_ical(decode(content, charset or "utf-8"))
        event = next(iter(calendar.walk("VEVENT")), None)
        return _invitation(calendar, event, declared) if event is not None else None
    except Exception:
        return None


def _invitation(calendar, event, declared: str) -> Invitation:
    method = line(str(calendar.get("METHOD", "") or declared), 40).upper()
    starts, all_day = _moment(event, "DTSTART")
    ends, _all_day = _moment(event, "DTEND")
    duration = event.get("DURATION")
    if ends is None and starts is not None and duration is not None:
        ends = starts + duration.dt
    attendees = event.get("ATTENDEE", [])
    attendees = attendees if isinstance(attendees, list) else [attendees]
    attendees = attendees[: limits.ATTENDEES]
    occurrence, is_day = _moment(event, "RECURRENCE-ID")
    return Invitation(
        method=method if method in METHODS else "PUBLISH",
        uid=line(str(event.get("UID", "")), limits.ID),
        summary=line(str(event.get("SUMMARY", "")), limits.SUBJECT),
        location=line(str(event.get("LOCATION", "")), limits.SUBJECT),
        starts_at=starts,
        ends_at=ends,
        all_day=all_day,
        organizer=_person(event.get("ORGANIZER")),
        attendees=tuple(person for one in attendees if (person := _person(one))),
        answers=tuple((person.email, _answer(one)) for one in attendees if (person := _person(one))),
        sequence=_number(event.get("SEQUENCE")),
        stamp=_moment(event, "DTSTAMP")[0],
        recurrence_at=occurrence,
        recurrence_day=is_day,
    )


def _answer(attendee) -> str:
    """PARTSTAT; who has not answered needs to (RFC 5545, 3.2.12)."""
    return line(str(getattr(attendee, "params", {}).get("PARTSTAT", "")), 40).upper() or "NEEDS-ACTION"


def _number(value) -> int | None:
    try:
        return int(value) if value is not None and 0 <= int(value) < 2**31 else None
    except (TypeError, ValueError):
        return None


def _moment(event, name: str) -> tuple[datetime.datetime | None, bool]:
    """(aware time, is it a whole day): a time without a zone is taken for UTC."""
    value = getattr(event.get(name), "dt", None)
    if isinstance(value, datetime.datetime):
        value = value if value.tzinfo else value.replace(tzinfo=datetime.UTC)
        whole = False
    elif isinstance(value, datetime.date):
        value, whole = datetime.datetime(value.year, value.month, value.day, tzinfo=datetime.UTC), True
    else:
        return None, False
    # Conversions to other zones must stay within what a date can be.
    return (value.astimezone(datetime.UTC), whole) if 1900 <= value.year <= 2200 else (None, whole)


def _person(value) -> Address | None:
    if value is None:
        return None
    found = people(str(value)[:1000].replace("mailto:", "").replace("MAILTO:", ""))
    name = line(str(getattr(value, "params", {}).get("CN", "")), limits.NAME)
    return Address(name or found[0].name, found[0].email) if found else None
