"""Mails where people look for them: in the timeline and the tab of the records they are filed with."""

import datetime

from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.text import Truncator
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from crm.accounts.scope import Action
from crm.core import show
from crm.core.recordpage import Entry
from crm.mail import filing
from crm.mail.models import Direction, Message, State

# Of a long mail the timeline shows the beginning.
SHOWN = 2_000
# Mails on the tab of a record; the list has them all.
TAB_SHOWN = 100


# ── one mail in words ───────────────────────────────────────────────────────────────────────────────
def counterpart(message: Message) -> str:
    """Who wrote it, or to whom we wrote."""
    if message.direction == Direction.IN:
        return message.sender_name or message.sender_email
    return addressees(message)


def addressees(message: Message) -> str:
    """To whom it went; of many the first."""
    found = [one["name"] or one["email"] for one in message.recipients if one["kind"] != "reply"]
    return ", ".join(found[:3])


def state(message: Message) -> str:
    """What there is to know about it, in a word."""
    if message.review:
        return pgettext("mail", "To be reviewed")
    if message.bounced_at:
        return pgettext("mail", "Came back")
    return message.get_direction_display()


def colour(message: Message) -> str:
    """The colour of `state`."""
    if message.review:
        return "warn"
    if message.bounced_at:
        return "bad"
    return "accent" if message.direction == Direction.IN else "ok"


def beginning(message: Message) -> str:
    """The first words."""
    return Truncator(" ".join(message.reply.split())).chars(140)


def folded(message: Message) -> tuple[str, str]:
    """(what is new, the rest: signature and quoted mails) of a mail's text."""
    text, new = message.text.strip(), message.reply.strip()
    if not new:
        return text, ""
    return (new, text[len(new) :].strip()) if text.startswith(new) else (new, text if text != new else "")


def event(message: Message) -> dict | None:
    """The event of an invitation in words: summary, when, location, organizer, method."""
    found = message.invitation
    if not found:
        return None
    start, end = (moment(found[name]) for name in ("starts_at", "ends_at"))
    if found["all_day"]:
        when = show.day(start.date()) if start else ""
    else:
        local = timezone.localtime(end) if end else None
        same_day = start and local and timezone.localtime(start).date() == local.date()
        until = show.clock(end) if same_day else show.exact(end) if end else ""
        when = " – ".join(filter(None, [show.exact(start) if start else "", until]))
    return found | {"when": when}


def moment(text: str | None) -> datetime.datetime | None:
    """A moment that was kept as text."""
    return datetime.datetime.fromisoformat(text) if text else None


# ── of a record ─────────────────────────────────────────────────────────────────────────────────────
def of_record(drawer: str, record_id: int, user):
    """The mails filed with a record, as far as `user` may see them."""
    one = filing.drawer(drawer)
    links = one.link.objects.filter(**{one.field: record_id}).values("message")
    return Message.objects.visible_to(user).filter(pk__in=links)


def _light(messages):
    """Without what is long and what no list shows."""
    return messages.defer("html", "forwarded", "references", "proposal")


def count(drawer: str, record_id: int, user) -> int:
    """How many mails the tab has."""
    return of_record(drawer, record_id, user).count()


def tab(request, drawer: str, record) -> str:
    """The content of the tab "E-mails": the mails of a record, the latest first, and the button to write one."""
    mails = of_record(drawer, record.pk, request.user)
    latest = list(
        _light(mails).defer("text").select_related("owner", "outgoing").order_by("-sent_at", "-pk")[: TAB_SHOWN + 1]
    )
    may_write = filing.record((drawer, record.pk), request.user, Action.CHANGE) is not None
    context = {
        "rows": [
            {
                "mail": mail,
                "who": mail.sender_name or mail.sender_email,
                "to": addressees(mail),
                "state": state(mail),
                "colour": colour(mail),
                "beginning": beginning(mail),
                "outbox": mail.outgoing if mail.outgoing and mail.outgoing.state != State.SENT else None,
            }
            for mail in latest[:TAB_SHOWN]
        ],
        "more": len(latest) > TAB_SHOWN,
        "shown": TAB_SHOWN,
        "write_url": f"{reverse('mail:new')}?place={drawer}:{record.pk}" if may_write else "",
    }
    return render_to_string("mail/tab.html", context, request)


def entries(drawer: str, record_id: int, *, user, before: datetime.datetime | None, limit: int) -> list[Entry]:
    """The latest mails filed with a record that `user` may see, for its timeline, newest first.

    One more than `limit`, so that the timeline knows that there are more.
    """
    found = of_record(drawer, record_id, user)
    if before is not None:
        found = found.filter(sent_at__lt=before)
    return [_entry(message) for message in _light(found).order_by("-sent_at", "-pk")[: limit + 1]]


def _entry(message: Message) -> Entry:
    sender = message.sender_name or message.sender_email
    subject = format_html('<a class="link" href="{}">{}</a>', message.get_absolute_url(), message)
    if message.direction == Direction.OUT:
        to = addressees(message)
        text = format_html(_("{who} wrote to {to}: {subject}"), who=_bold(sender), to=to, subject=subject)
    else:
        text = format_html(_("{who} wrote: {subject}"), who=_bold(sender), subject=subject)
    if message.bounced_at:
        text = format_html(_("{text} · not delivered: {reason}"), text=text, reason=message.bounce_reason)
    box = Truncator((message.reply or message.text).strip()).chars(SHOWN)
    return Entry(message.sent_at, text, "alert-triangle" if message.bounced_at else "mail", box=box)


def _bold(text: str):
    return format_html("<b>{}</b>", text)
