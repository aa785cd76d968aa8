"""What becomes of a mail in the journal: it is read, judged and filed, in one transaction, once.

Run twice, killed half-way or run by two at once, the result is the same: an attempt is counted before anything is
read (a mail that kills its worker is not offered for ever), then the row is locked until all of it is written.
"""

import datetime
import logging
from html import escape

from django.core.files.base import ContentFile
from django.db import transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext_noop

from crm.core.forms import tidy
from crm.core.normalise import line
from crm.files.models import StoredFile
from crm.mail import calendars, desks, filing, judging, reading, shelf
from crm.mail.models import NULL_SENDER, PICTURES, Attachment, Direction, IncomingMail, IncomingState, Message

log = logging.getLogger(__name__)
# Seconds until the next attempt, after the first, second, … one; afterwards only by hand. A worker that was killed
# in the middle has said nothing, and the next one may die as well: the first two pauses are short.
PAUSES = (15, 15, 60, 5 * 60, 15 * 60, 60 * 60, 3 * 60 * 60, 8 * 60 * 60, 24 * 60 * 60)
INTERRUPTED = gettext_noop("Processing ended without a word.")
REPEATED = gettext_noop("The same mail came before.")
OWN = gettext_noop("We sent it ourselves.")
REPORTED = gettext_noop("It reports that a mail of ours could not be delivered.")
EXCLUDED = gettext_noop("Its address is excluded by the user it belongs to.")


def sort(pk: int) -> bool:
    """Settle one mail of the journal, if it is due; whether it was. Safe to call twice, and from several at once."""
    if not _count_attempt(pk):
        return False
    try:
        return _settle_locked(pk)
    except reading.Unreadable as error:
        # Reading it again would say the same.
        _put_back(pk, error.reason, again=False)
    except Exception as error:
        log.exception("mail %s could not be processed", pk)
        _put_back(pk, f"{type(error).__name__}: {error}")
    return False


def _count_attempt(pk: int) -> bool:
    now = timezone.now()
    first = IncomingMail.objects.due().filter(pk=pk, attempts=0)
    if first.update(attempts=1, next_try_at=now + datetime.timedelta(seconds=PAUSES[0])):
        # As with nearly all of them.
        return True
    row = IncomingMail.objects.due().filter(pk=pk).values("attempts", "reason").first()
    if row is None:
        return False
    pause = PAUSES[row["attempts"]] if row["attempts"] < len(PAUSES) else None
    due = IncomingMail.objects.due().filter(pk=pk, attempts=row["attempts"])
    if pause is None:
        due.update(state=IncomingState.FAILED, reason=row["reason"] or INTERRUPTED, next_try_at=None)
        return False
    return bool(due.update(attempts=F("attempts") + 1, next_try_at=now + datetime.timedelta(seconds=pause)))


def _put_back(pk: int, reason: str, *, again: bool = True) -> None:
    """Failed, visibly, with the reason; offered again when the pause is over, unless that would not help."""
    unsettled = IncomingMail.objects.filter(pk=pk, state__in=(IncomingState.STORED, IncomingState.FAILED))
    changes = {} if again else {"next_try_at": None}
    unsettled.update(state=IncomingState.FAILED, reason=tidy(line(reason), 500), **changes)


@transaction.atomic
def _settle_locked(pk: int) -> bool:
    waiting = IncomingMail.objects.filter(pk=pk, state__in=(IncomingState.STORED, IncomingState.FAILED))
    row = waiting.select_for_update(skip_locked=True, of=("self",)).defer("raw").first()
    if row is None:
        return False
    mail = _read(row)
    row.subject, row.sender = mail.subject[:250], (mail.sender.email if mail.sender else "")[:320]
    row.state, row.reason, row.message = _become(row, mail)
    row.next_try_at, row.settled_at = None, timezone.now()
    row.save(update_fields=["subject", "sender", "state", "reason", "message", "next_try_at", "settled_at"])
    return True


def _read(row: IncomingMail) -> reading.Mail:
    raw = shelf.take(row.pk)
    if row.size > len(raw):
        # Only its beginning was kept; the rest lies where it came from.
        raise reading.Unreadable(reading.TOO_LARGE)
    return reading.read(raw, null_sender=row.envelope_from == NULL_SENDER)


def _become(row: IncomingMail, mail: reading.Mail) -> tuple[str, str, Message | None]:
    """(state, reason, message): what the mail has become."""
    if known := Message.objects.filter(fingerprint=mail.fingerprint).first():
        return IncomingState.IGNORED, REPEATED, known
    if own := _sent_by_us(mail.message_id):
        return IncomingState.IGNORED, OWN, own
    if mail.bounce and (returned := _sent_by_us(mail.bounce.original_message_id)):
        return _returned(returned, mail.bounce)
    hand = judging.Hand.of(row, mail)
    if hand.is_excluded:
        return IncomingState.IGNORED, EXCLUDED, None
    verdict = calendars.take(hand) or judging.judge(hand)
    if verdict.ignore:
        return IncomingState.IGNORED, verdict.ignore, None
    places = filing.beside(verdict.places)
    message = _message(hand, verdict, places)
    _attach(message, mail)
    filing.file(message, places)
    if verdict.desk:
        place(message, filing.beside(desks.get(verdict.desk).make(message, hand.contact())))
    if message.review:
        return IncomingState.REVIEW, verdict.reason, message
    return IncomingState.PROCESSED, "", message


def place(message: Message, places) -> None:
    """File a message, and say since when it is filed and whose it is."""
    if not places:
        return
    filing.file(message, places)
    message.filed_at = message.filed_at or timezone.now()
    if message.owner_id is None:
        message.owner_id = judging.responsible(places)
    message.save(update_fields=["filed_at", "owner"])


def follow(place_: filing.Place) -> None:
    """The mails filed with a record, filed also with what belongs to it by now: a lead has become an opportunity."""
    one = filing.drawer(place_[0])
    links = one.link.objects.filter(**{one.field: place_[1]}).select_related("message")
    for link in links:
        place(link.message, filing.beside([place_]))


def _sent_by_us(message_id: str) -> Message | None:
    if not message_id:
        return None
    return Message.objects.filter(message_id=message_id, direction=Direction.OUT, outgoing__isnull=False).first()


def _returned(message: Message, bounce: reading.Bounce) -> tuple[str, str, Message]:
    """The failure comes back to the message that failed; a delay is only noted in the journal."""
    if bounce.permanent and message.bounced_at is None:
        message.bounced_at = timezone.now()
        message.bounce_reason = line(" ".join(filter(None, [bounce.recipient, bounce.status, bounce.diagnostic])))[:500]
        message.save(update_fields=["bounced_at", "bounce_reason"])
    return IncomingState.PROCESSED, REPORTED, message


def _message(hand: judging.Hand, verdict: judging.Verdict, places: list[filing.Place]) -> Message:
    mail = hand.mail
    recipients = [
        {"kind": kind, "name": one.name[:250], "email": one.email[:320]}
        for kind, found in (("to", mail.to), ("cc", mail.cc), ("reply", mail.reply_to))
        for one in found[:200]
    ]
    message = Message(
        direction=Direction.OUT if hand.user else Direction.IN,
        subject=mail.subject[:250],
        sender_name=mail.sender.name[:250] if mail.sender else "",
        sender_email=mail.sender.email[:320] if mail.sender else "",
        recipients=recipients,
        sent_at=mail.sent_at or hand.row.received_at,
        message_id=mail.message_id,
        in_reply_to=mail.in_reply_to,
        references=list(mail.references),
        text=mail.text,
        reply=mail.reply,
        html=mail.html,
        forwarded=[_inner(one) for one in _within(mail)],
        invitation=_event(mail.invitation),
        automatic=mail.automatic,
        problems=list(mail.problems),
        fingerprint=mail.fingerprint,
        owner_id=hand.owner.pk if hand.owner else verdict.owner_id or judging.responsible(places),
        filed_at=timezone.now() if places else None,
        review=bool(verdict.reason),
        reason=verdict.reason,
        proposal=[list(one) for one in verdict.proposal],
    )
    if verdict.thread:
        message.thread = verdict.thread
    message.save(force_insert=True)
    _adopt(message)
    return message


def _adopt(message: Message) -> None:
    """Answers that came before what they answer join its thread: those with whose people its sender has to do.

    A Message-ID that another mail bears as well says nothing.
    """
    if not message.message_id or Message.objects.filter(message_id=message.message_id).exclude(pk=message.pk).exists():
        return
    for answer in Message.objects.filter(references__contains=[message.message_id]).exclude(thread=message.thread):
        if message.sender_email in answer.participants:
            answer.thread = message.thread
            answer.save(update_fields=["thread"])


def _within(mail: reading.Mail):
    """The mails that came as attachments of a mail, and those within them."""
    for one in mail.forwarded:
        yield one
        yield from _within(one)


def _inner(mail: reading.Mail) -> dict:
    return {
        "subject": mail.subject[:250],
        "sender": mail.sender.name or mail.sender.email if mail.sender else "",
        "sent_at": mail.sent_at.isoformat() if mail.sent_at else None,
        "text": mail.text,
    }


def _event(invitation: reading.Invitation | None) -> dict | None:
    if invitation is None:
        return None
    return {
        "method": invitation.method,
        "uid": invitation.uid,
        "summary": invitation.summary,
        "location": invitation.location,
        "starts_at": invitation.starts_at.isoformat() if invitation.starts_at else None,
        "ends_at": invitation.ends_at.isoformat() if invitation.ends_at else None,
        "all_day": invitation.all_day,
        "organizer": invitation.organizer.email if invitation.organizer else "",
    }


def _attach(message: Message, mail: reading.Mail) -> None:
    for one in [*mail.attachments, *(one for inner in _within(mail) for one in inner.attachments)]:
        shown = one.content_id and f'data-src="cid:{escape(one.content_id)}"' in mail.html
        file = StoredFile.keep(ContentFile(one.content, name=one.name or "attachment"), by=None)
        Attachment.objects.create(
            message=message,
            file=file,
            content_type=one.content_type[:120],
            content_id=one.content_id[:250],
            # What the sender calls a part of the text and the text does not show, has to be listed.
            inline=bool(shown) and one.content_type in PICTURES,
        )
