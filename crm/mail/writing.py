"""Writing mail by hand: how it begins, and how it becomes one that finds its way back."""

from dataclasses import dataclass, field

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from crm.accounts.scope import Action
from crm.core import frame, show
from crm.mail import actions, filing, kinds
from crm.mail.filing import Place
from crm.mail.models import Message, OutgoingMail, TextTemplate
from crm.mail.reading import references

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
    record = filing.record(place, by) if place else None
    offered = filing.drawer(place[0]).recipients(record, by) if record else []
    if answers:
        first = _correspondent(answers)
        offered = [first, *(one for one in offered if one[1] != first[1])] if first else offered
    words = filing.drawer(place[0]).words(record, by) if record else {}
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
    """To whom an answer goes: to the sender, or to whom we wrote."""
    if message.direction == "in":
        return (message.sender_name, message.sender_email) if message.sender_email else None
    first = next(iter(message.recipients), None)
    return (first["name"], first["email"]) if first else None


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
    *, by, to: str, subject: str, text: str, cc=(), files=(), place: Place | None = None, answers: Message | None = None
) -> OutgoingMail:
    """Write a mail about the record at `place`, or an answer; it is filed there, and its answer will be as well.

    `files`: stored files. Raises Message.DoesNotExist where `by` may not change the record or the answered mail.
    """
    record = filing.record(place, by, Action.CHANGE) if place else None
    if (place and record is None) or (answers and not Message.objects.visible_to(by).filter(pk=answers.pk).exists()):
        raise Message.DoesNotExist
    places = [place] if place else []
    if answers:
        places += [one for one in filing.places_of([answers.pk]) if filing.record(one, by)]
    return actions.send(
        by=by, to=to, cc=cc, subject=numbered(subject, record), text=text, files=files, places=places, answers=answers
    )
