"""How a mail leaves: counted, made, sent, written down. Whatever dies in between, the row knows where to go on.

An attempt is counted and the next one is set *before* anything is sent, in a transaction of its own: a mail that kills
its worker is not offered for ever. Then the row is locked for as long as the mail server is talked to, so that nobody
else sends the same mail; the lock ends with the process that holds it, however it ends. Between the server's "250" and
our COMMIT lies the one moment in which a crash sends a mail twice, both times with the same Message-ID; no
protocol of mail closes it (RFC 5321, 4.5.3.2.6; RFC 1047).
"""

import datetime
import logging
import mimetypes
import re
import smtplib
from email.utils import format_datetime, formataddr, parseaddr

from django.conf import settings
from django.core.mail import EmailMessage, EmailMultiAlternatives
from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import gettext_noop

from crm.core.forms import tidy
from crm.core.frame import company_name
from crm.core.normalise import line
from crm.mail import makers
from crm.mail.models import Address, Message, OutgoingMail, State

log = logging.getLogger(__name__)
# Minutes until the next attempt, after the first, second, … one: about a day and a half in all.
PAUSES = (1, 5, 15, 60, 3 * 60, 8 * 60, 24 * 60)
# Kept in English, shown in the reader's language.
STOPPED = gettext_noop("Sending was stopped by hand.")
TOO_OFTEN = gettext_noop("It was tried too often without an answer.")
NO_SERVER = gettext_noop("No mail server is set up (EMAIL_URL).")
METHOD = re.compile(r"^METHOD:([A-Z]+)", re.MULTILINE)


class Unsendable(Exception):
    """Trying again would not help. The message says why, in the mail server's words."""


def deliver(mail_id: int) -> bool:
    """Try to send a mail that is due; whether it was sent. Safe to call twice, and from several workers at once."""
    return _count_attempt(mail_id) and _make_files(mail_id) and _send_locked(mail_id)


@transaction.atomic
def _count_attempt(mail_id: int) -> bool:
    mail = OutgoingMail.objects.due().select_for_update(of=("self",), skip_locked=True).filter(pk=mail_id).first()
    if mail is None:
        return False
    if mail.attempts > len(PAUSES):
        # Its last attempts ended without a word: whoever sent it died.
        mail.state, mail.reason = State.FAILED, mail.reason or TOO_OFTEN
    else:
        mail.next_try_at = timezone.now() + _pause(mail.attempts)
        mail.attempts += 1
    mail.save(update_fields=["state", "reason", "attempts", "next_try_at"])
    return mail.state == State.WAITING


def _pause(attempts: int) -> datetime.timedelta:
    return datetime.timedelta(minutes=PAUSES[min(attempts, len(PAUSES) - 1)])


def _make_files(mail_id: int) -> bool:
    """Attach what the worker has to make first; only once, also if the attempt is repeated."""
    mail = OutgoingMail.objects.get(pk=mail_id)
    if not mail.maker:
        return True
    try:
        with transaction.atomic():
            mail.files.add(*makers.make(mail.maker, mail.made_of))
    except Exception as error:
        log.exception("the attachment of mail %s could not be made", mail_id)
        # Whatever is wrong with making it can be mended: the mail waits.
        _put_back(mail, error, final=False)
        return False
    return True


@transaction.atomic
def _send_locked(mail_id: int) -> bool:
    with connection.cursor() as cursor:
        # While a slow server takes a large file, the transaction waits longer than others may.
        cursor.execute("SET LOCAL idle_in_transaction_session_timeout = '15min'")
    waiting = OutgoingMail.objects.filter(pk=mail_id, state=State.WAITING)
    mail = waiting.select_for_update(of=("self",), skip_locked=True).first()
    if mail is None:
        return False
    try:
        message(mail).send()
    except (OSError, smtplib.SMTPException, UnicodeError, ValueError) as error:
        _put_back(mail, error)
        return False
    mail.state, mail.sent_at, mail.reason = State.SENT, timezone.now(), ""
    mail.save(update_fields=["state", "sent_at", "reason"])
    return True


def message(mail: OutgoingMail) -> EmailMessage:
    """The mail as it leaves: from our own address in the name of the sender, who gets the answers as the CRM does."""
    sender, written = mail.sender, Message.objects.filter(outgoing=mail).first()
    headers = {"Message-ID": mail.message_id, "Date": _date(mail)}
    if sender is None:
        # Nobody is to answer it, and no absence note either (RFC 3834).
        headers["Auto-Submitted"] = "auto-generated"
    if written and written.in_reply_to:
        headers |= {"In-Reply-To": written.in_reply_to, "References": " ".join(written.references)}
    name = f"{sender.name} · {company_name()}" if sender else company_name()
    made = EmailMultiAlternatives(
        subject=mail.subject,
        body=mail.text,
        from_email=formataddr((line(name), parseaddr(settings.DEFAULT_FROM_EMAIL)[1])),
        to=[mail.to],
        cc=mail.cc,
        reply_to=_reply_to(sender),
        headers=headers,
    )
    for file in mail.files.order_by("pk"):
        kind = mimetypes.guess_type(file.name)[0] or "application/octet-stream"
        with file.content.open("rb") as content:
            made.attach(file.name, content.read(), kind)
    if mail.calendar:
        _invite(made, mail.calendar)
    return made


def _invite(made: EmailMultiAlternatives, calendar: str) -> None:
    """Beside the text, so that calendar programs offer "accept" (RFC 6047), and as a file for all the others."""
    method = METHOD.search(calendar)
    made.attach_alternative(calendar, f"text/calendar; method={method[1] if method else 'PUBLISH'}")
    made.attach("invite.ics", calendar.encode(), "application/ics")


def _reply_to(sender) -> list[str]:
    """The sender, and our own address beside him: so the answer is filed without anybody doing anything."""
    own = Address.objects.capture()
    return [*([formataddr((line(sender.name), sender.email))] if sender else []), *([own] if own else [])]


def _date(mail) -> str:
    """The moment at which it was written, not of the attempt: a mail sent twice is then the same, byte by byte."""
    return format_datetime(timezone.localtime(mail.created_at))


def _put_back(mail: OutgoingMail, error: Exception, *, final: bool | None = None) -> None:
    """Write down why it did not work; whether it is tried again is decided here, unless `final` says so."""
    final = (_is_final(error) if final is None else final) or mail.attempts > len(PAUSES)
    mail.state = State.FAILED if final else State.WAITING
    mail.reason = _say(error)
    mail.save(update_fields=["state", "reason"])


def _is_final(error: Exception) -> bool:
    """Does the answer stand (5xx), or may the next one be another? A refused sign-in is mended by an admin."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return all(code >= 500 for code, _text in error.recipients.values())
    if isinstance(error, smtplib.SMTPAuthenticationError):
        return False
    if isinstance(error, smtplib.SMTPResponseException):
        return 500 <= error.smtp_code < 600
    return isinstance(error, UnicodeError | smtplib.SMTPNotSupportedError | ValueError)


def _say(error: Exception) -> str:
    """The server's own words, or what else went wrong, in one line."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        code, text = next(iter(error.recipients.values()))
    elif isinstance(error, smtplib.SMTPResponseException):
        code, text = error.smtp_code, error.smtp_error
    else:
        return tidy(line(str(error)) or type(error).__name__, 500)
    return tidy(line(f"{code} {text.decode(errors='replace') if isinstance(text, bytes) else text}"), 500)
