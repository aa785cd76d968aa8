"""Writing mail by hand: how it begins, and how it becomes one that finds its way back."""

from dataclasses import dataclass, field

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from crm.accounts.scope import Action, Area
from crm.core import frame, show
from crm.core.normalise import email as normal
from crm.mail import actions, filing, handling, kinds
from crm.mail.filing import Place
from crm.mail.models import Direction, Message, OutgoingMail, TextTemplate
from crm.mail.reading import references

# Whoever may enter contacts may write to them.
RIGHT = (Area.CONTACTS, Action.CREATE)
# What a text template may say of the record that one writes about.
PLACEHOLDERS = (
    kinds.Placeholder("salutation", gettext_lazy("Salutation"), gettext_lazy("Dear Ms Kurz,")),
    kinds.Placeholder("first_name", gettext_lazy("First name"), "Sabine"),
    kinds.Placeholder("last_name", gettext_lazy("Last name"), "Kurz"),
    kinds.Placeholder("customer", gettext_lazy("Company or person"), "Höfle Verpackungstechnik GmbH"),
    kinds.Placeholder("number", gettext_lazy("ID"), "OPP-2026-000001"),
    kinds.Placeholder("title", gettext_lazy("Title"), gettext_lazy("Servo drives")),
    kinds.Placeholder("sender", gettext_lazy("Your name"), "Jana Brandt"),
    kinds.Placeholder("company", gettext_lazy("Your company"), "Muster GmbH"),
)


@dataclass(frozen=True)
class Draft:
    """A mail that has not been written yet. `offered`: [(name, e-mail)] of those to whom it may go."""

    to: str = ""
    subject: str = ""
    text: str = ""
    offered: list = field(default_factory=list)


def begin(*, by, place: Place | None = None, answers: Message | None = None, template: TextTemplate | None = None):
    """What stands in the form before anything is typed: a Draft, in the active language."""
    record = filing.record(place, by) if place else _business_of(answers, by)
    drawer = filing.drawer_of(record)
    offered = drawer.recipients(record, by) if drawer else []
    if answers:
        first = _correspondent(answers)
        offered = [first, *(one for one in offered if one[1] != first[1])] if first else offered
    words = drawer.words(record, by) if drawer else {}
    subject, text = words.get("title", ""), f"\n\n{by}\n{frame.company_name()}"
    if template:
        values = {one.name: "" for one in PLACEHOLDERS} | words
        values |= {"sender": str(by), "company": frame.company_name()}
        subject, text = kinds.fill(template.subject, values), kinds.fill(template.body, values)
    if answers:
        subject = answer_subject(answers.subject)
        text = f"{text}\n\n{_quoted(answers)}"
    return Draft(to=offered[0][1] if offered else "", subject=numbered(subject, record), text=text, offered=offered)


def _correspondent(message: Message) -> tuple[str, str] | None:
    """To whom an answer goes: where the sender wants it, else the sender; or whom we wrote to. Never ourselves."""
    others = [(one["name"], one["email"]) for one in message.recipients if one["kind"] != "reply"]
    if message.direction == Direction.IN:
        others = [(one["name"], one["email"]) for one in message.recipients if one["kind"] == "reply"]
        others.append((message.sender_name, message.sender_email))
    return next((one for one in others if one[1] and not handling.is_ours(one[1])), None)


def _business_of(answers: Message | None, by):
    """The record whose ID belongs into the subject of an answer: the one with an ID with which the mail is filed."""
    places = filing.places_of([answers.pk]) if answers else []
    found = (filing.record(place, by) for place in places if filing.drawer(place[0]).prefix)
    return next((record for record in found if record is not None), None)


def answer_subject(subject: str) -> str:
    """The subject of an answer, with one Re: however many there were."""
    return f"Re: {references.bare_subject(subject)}"


def numbered(subject: str, record) -> str:
    """`subject` with the record's ID in it, once; unchanged for a record without an ID for subjects."""
    number = getattr(record, "number", "")
    if not number or not references.numbers(number) or number in references.numbers(subject):
        return subject
    return f"{subject} [{number}]".strip()


def _quoted(message: Message) -> str:
    who = message.sender_name or message.sender_email
    head = _("On %(when)s %(who)s wrote:") % {"when": show.exact(message.sent_at), "who": who}
    lines = (message.reply or message.text).strip().split("\n")
    return "\n".join([head, *(f"> {line}".rstrip() for line in lines)])


@transaction.atomic
def write(
    *,
    by,
    to: str,
    subject: str,
    text: str,
    cc=(),
    files=(),
    place: Place | None = None,
    answers: Message | None = None,
    key=None,
) -> OutgoingMail:
    """Write a mail about the record at `place`, or an answer; it is filed there, and its answer will be as well.

    What is written to nobody's record is filed with the customers to whom it goes. `files`: stored files. `key` is the
    form's: sent twice, it is one mail. Raises Message.DoesNotExist where `by` may not write, or may not change the
    record or the answered mail.
    """
    if not by.may(*RIGHT):
        raise Message.DoesNotExist
    if key and (sent := OutgoingMail.objects.filter(sender=by, form_key=key).first()):
        return sent
    record = filing.record(place, by, Action.CHANGE) if place else _business_of(answers, by)
    changeable = Message.objects.visible_to(by, Action.CHANGE)
    if (place and record is None) or (answers and not changeable.filter(pk=answers.pk).exists()):
        raise Message.DoesNotExist
    places = [place] if place else []
    if answers:
        # Also where `by` does not see: his answer belongs where the mail is that he was asked by.
        places += filing.places_of([answers.pk])
    if not places:
        places = filing.addressed({normal(one) for one in (to, *cc)})
    return actions.send(
        by=by,
        to=to,
        cc=cc,
        subject=numbered(subject, record),
        text=text,
        files=files,
        places=places,
        answers=answers,
        key=key,
    )
