"""What can be done with outgoing mail and its templates. See opportunities/actions.py for how verbs answer."""

import mimetypes
from collections.abc import Iterable
from email.utils import make_msgid, parseaddr

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from crm.accounts.scope import Action, Scope
from crm.core.forms import tidy
from crm.core.normalise import line
from crm.core.refusals import Refused
from crm.mail import filing, kinds, makers, sending, tasks
from crm.mail.models import Attachment, Direction, MailTemplate, Message, OutgoingMail, State, TextTemplate
from crm.mail.reading.limits import REFERENCES


@transaction.atomic
def send(
    *,
    by,
    to: str,
    subject: str,
    text: str,
    cc=(),
    files=(),
    maker: str = "",
    made_of: int | None = None,
    calendar: str = "",
    places: Iterable[filing.Place] | None = None,
    answers: Message | None = None,
    key=None,
) -> OutgoingMail:
    """Put a mail into the outbox, within the caller's transaction: it leaves if and only if that is committed.

    `by`: the user who sends it, None for the CRM itself. `files`: stored files. `maker`, `made_of`: what the worker is
    to attach (crm/mail/makers.py). `calendar`: an iCalendar object with a METHOD, an invitation. `places`: the records
    with which it is filed (crm/mail/filing.py), so that it stands there, and its answer as well; None: it is the
    sender's alone, as a document's mail, whose amounts not everybody sees. `answers`: the mail that it answers. `key`:
    a UUID, unique. Whether `by` may send such a mail is asked by the verb that calls this one.
    """
    for address in (to, *cc):
        try:
            validate_email(address)
        except ValidationError:
            raise Refused(_("“%(address)s” is not an e-mail address.") % {"address": line(address)[:100]}) from None
    if maker and not makers.known(maker):
        raise ValueError(maker)
    domain = parseaddr(settings.DEFAULT_FROM_EMAIL)[1].rpartition("@")[2] or "localhost"
    mail = OutgoingMail.objects.create(
        sender=by,
        to=to,
        cc=list(dict.fromkeys(cc)),
        subject=tidy(line(subject), 250),
        text=tidy(text),
        form_key=key,
        maker=maker,
        made_of=made_of,
        calendar=calendar,
        message_id=make_msgid(domain=domain),
    )
    mail.files.set(files)
    _keep(mail, places, answers)
    # Only the wake-up: should it get lost, the sweep of the minute finds the row.
    tasks.deliver.delay_on_commit(mail.pk)
    return mail


def _keep(mail: OutgoingMail, places, answers: Message | None) -> None:
    """The mail as it stands with the records, and as its answers and failures are known by."""
    is_private, places = places is None, filing.beside(places or ())
    kinds_of = [("to", mail.to), *(("cc", one) for one in mail.cc)]
    message = Message(
        direction=Direction.OUT,
        outgoing=mail,
        subject=mail.subject,
        sender_name=mail.sender.name if mail.sender else "",
        sender_email=mail.sender.email if mail.sender else "",
        recipients=[{"kind": kind, "name": "", "email": one.lower()} for kind, one in kinds_of],
        sent_at=mail.created_at,
        message_id=mail.message_id,
        text=mail.text,
        reply=mail.text,
        owner=mail.sender,
        filed_at=mail.created_at if places else None,
        is_private=is_private,
    )
    if answers:
        message.thread, message.in_reply_to = answers.thread, answers.message_id
        message.references = [*answers.references, answers.message_id][-REFERENCES:] if answers.message_id else []
    message.save()
    filing.file(message, places)
    for file in mail.files.order_by("pk"):
        Attachment.objects.create(
            message=message, file=file, content_type=mimetypes.guess_type(file.name)[0] or "application/octet-stream"
        )


def _unsent(mail, by) -> OutgoingMail:
    mail = OutgoingMail.objects.visible_to(by, Action.CHANGE).select_for_update(of=("self",)).get(pk=mail.pk)
    if mail.state == State.SENT:
        raise Refused(_("This mail has already been sent."))
    return mail


@transaction.atomic
def retry(*, mail, by) -> OutgoingMail:
    """Try again at once, with as many attempts as a new mail has."""
    mail = _unsent(mail, by)
    mail.state, mail.attempts, mail.reason, mail.next_try_at = State.WAITING, 0, "", timezone.now()
    mail.save(update_fields=["state", "attempts", "reason", "next_try_at"])
    tasks.deliver.delay_on_commit(mail.pk)
    return mail


@transaction.atomic
def stop(*, mail, by) -> OutgoingMail:
    """Do not try any more; the mail stays, as failed."""
    mail = _unsent(mail, by)
    mail.state = State.FAILED
    mail.reason = mail.reason or sending.STOPPED
    mail.save(update_fields=["state", "reason"])
    return mail


def _may_set(by) -> None:
    if by.scope(MailTemplate.area, Action.CHANGE) != Scope.ALL:
        raise MailTemplate.DoesNotExist


@transaction.atomic
def save_template(*, kind: kinds.Kind, language: str, subject: str, body: str, by) -> None:
    """The company's own wording; one that equals the standard is no row, so that it follows the standard."""
    _may_set(by)
    if (subject, body) == kind.standard(language):
        return reset_template(kind=kind, language=language, by=by)
    MailTemplate.objects.update_or_create(kind=kind.key, language=language, defaults={"subject": subject, "body": body})


@transaction.atomic
def reset_template(*, kind: kinds.Kind, language: str, by) -> None:
    """Back to the standard text."""
    _may_set(by)
    MailTemplate.objects.filter(kind=kind.key, language=language).delete()


@transaction.atomic
def save_text(*, text: TextTemplate, by) -> None:
    """A new text template, or a changed one."""
    _may_set(by)
    text.save()


@transaction.atomic
def delete_text(*, text: TextTemplate, by) -> None:
    TextTemplate.objects.visible_to(by, Action.DELETE).get(pk=text.pk).delete()
