"""Mails where people look for them: in the timeline of the records they are filed with."""

import datetime

from django.utils.html import format_html
from django.utils.text import Truncator
from django.utils.translation import gettext as _

from crm.core.recordpage import Entry
from crm.mail import filing
from crm.mail.models import Direction, Message

# Of a long mail the timeline shows the beginning.
SHOWN = 2_000


def entries(drawer: str, record_id: int, *, user, before: datetime.datetime | None, limit: int) -> list[Entry]:
    """The latest mails filed with a record that `user` may see, for its timeline, newest first.

    One more than `limit`, so that the timeline knows that there are more.
    """
    one = filing.drawer(drawer)
    links = one.link.objects.filter(**{one.field: record_id}).values("message")
    found = Message.objects.visible_to(user).filter(pk__in=links)
    if before is not None:
        found = found.filter(sent_at__lt=before)
    return [_entry(message) for message in found.order_by("-sent_at", "-pk")[: limit + 1]]


def _entry(message: Message) -> Entry:
    sender = message.sender_name or message.sender_email
    subject = message.subject or _("(no subject)")
    if message.direction == Direction.OUT:
        to = ", ".join(one["name"] or one["email"] for one in message.recipients[:3])
        text = format_html(_("{who} wrote to {to}: {subject}"), who=_bold(sender), to=to, subject=subject)
    else:
        text = format_html(_("{who} wrote: {subject}"), who=_bold(sender), subject=subject)
    if message.bounced_at:
        text = format_html(_("{text} · not delivered: {reason}"), text=text, reason=message.bounce_reason)
    box = Truncator((message.reply or message.text).strip()).chars(SHOWN)
    return Entry(message.sent_at, text, "alert-triangle" if message.bounced_at else "mail", box=box)


def _bold(text: str):
    return format_html("<b>{}</b>", text)
