"""What people decide about a mail: where it belongs, what is made of it, who may see it.

See opportunities/actions.py for how verbs answer.
"""

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, gettext_noop

from crm.accounts.models import User
from crm.accounts.scope import Action
from crm.core.forms import tidy
from crm.core.normalise import email as normal
from crm.core.normalise import line
from crm.core.refusals import Refused
from crm.mail import desks, filing, judging, reading, sorting, tasks
from crm.mail.filing import Place
from crm.mail.models import Address, ExcludedAddress, IncomingMail, IncomingState, Message

# Kept in English, shown in the reader's language.
SET_ASIDE = gettext_noop("Somebody decided that it belongs nowhere.")
NOT_YOURS = gettext_lazy("Only the one whose mail it is can do that.")
TAKEN_OUT = gettext_noop("It was taken out of where it was filed.")


def _locked(message: Message, by) -> Message:
    changeable = Message.objects.visible_to(by, Action.CHANGE)
    return changeable.select_for_update(of=("self",)).get(pk=message.pk)


def _decided(message: Message, state: str, reason: str = "") -> None:
    """The review is over; the journal says what became of it."""
    message.review, message.reason, message.proposal = False, reason, []
    message.save(update_fields=["review", "reason", "proposal"])
    waiting = IncomingMail.objects.filter(message=message, state=IncomingState.REVIEW)
    waiting.update(state=state, reason=reason, settled_at=timezone.now())


@transaction.atomic
def file_with(*, message: Message, places: list[Place], by) -> Message:
    """File a mail with the records at `places`, and with what belongs to them; the next mail of its sender follows.

    It is taken out of where it was filed by itself, as that was wrong; what people have filed stays. Raises
    Message.DoesNotExist where `by` may not change the mail or not see one of the records.
    """
    message = _locked(message, by)
    _may_file_all(places, by)
    if message.filed_at and message.filed_by is None:
        for place in filing.places_of([message.pk]):
            filing.take_out(message, place)
    _file(message, places, by)
    return message


def may_file(place: Place, by) -> bool:
    """May `by` file mails with a record, and take them out? With a customer, whoever sees him may."""
    action = Action.VIEW if filing.drawer(place[0]).is_party else Action.CHANGE
    return filing.record(place, by, action) is not None


def _may_file_all(places: list[Place], by) -> None:
    if not places or not all(filing.record(place, by) for place in places):
        raise Message.DoesNotExist
    if not all(may_file(place, by) for place in places):
        raise Refused(_("You may see this record, but not change it."))


def _file(message: Message, places: list[Place], by) -> None:
    sorting.place(message, filing.beside(places))
    message.filed_at, message.filed_by = timezone.now(), by
    message.save(update_fields=["filed_at", "filed_by"])
    _decided(message, IncomingState.PROCESSED)
    # What has been answered, or answers, belongs there as well.
    thread = Message.objects.visible_to(by, Action.CHANGE).filter(thread=message.thread, filed_at=None)
    for other in thread.select_for_update(of=("self",)):
        sorting.place(other, filing.beside(places))
        _decided(other, IncomingState.PROCESSED)


@transaction.atomic
def take_out(*, message: Message, place: Place, by) -> Message:
    """Undo the filing with one record. A mail that is filed nowhere any more has to be reviewed."""
    message = _locked(message, by)
    _may_file_all([place], by)
    filing.take_out(message, place)
    if not filing.places_of([message.pk]):
        message.filed_at, message.filed_by, message.review, message.reason = None, None, True, TAKEN_OUT
        message.save(update_fields=["filed_at", "filed_by", "review", "reason"])
        came = IncomingMail.objects.filter(message=message, state=IncomingState.PROCESSED)
        came.update(state=IncomingState.REVIEW, reason=TAKEN_OUT)
    return message


@transaction.atomic
def have_made(*, message: Message, purpose: str, by) -> list[Place]:
    """Have a desk make its record of the mail (an inbox item, a ticket); gives the places where it is filed now."""
    message = _locked(message, by)
    desk = desks.open_to(by).get(purpose)
    row = message.journal.order_by("pk").first()
    if desk is None or row is None:
        raise Message.DoesNotExist
    if not message.review:
        raise Refused(_("This mail is filed already."))
    hand = judging.Hand.of(row, reading.read(bytes(row.raw)))
    places = desk.make(message, hand.contact())
    _file(message, places, by)
    return places


@transaction.atomic
def set_aside(*, message: Message, reason: str, by) -> Message:
    """End the review: the mail belongs nowhere. It stays, and may be filed later."""
    message = _locked(message, by)
    if not message.review:
        raise Refused(_("This mail does not wait for a review."))
    _decided(message, IncomingState.IGNORED, tidy(line(reason), 500) or SET_ASIDE)
    return message


@transaction.atomic
def set_private(*, message: Message, private: bool, by) -> Message:
    """Hide a mail from everybody but oneself, or show it again; for whoever it belongs to."""
    message = _locked(message, by)
    if message.owner_id != by.pk:
        raise Refused(NOT_YOURS)
    message.is_private = private
    message.save(update_fields=["is_private"])
    return message


def is_ours(email: str) -> bool:
    """Is it one of the CRM's own addresses, or a user's?"""
    own = Address.objects.filter(email__iexact=judging.bare(email)).exists()
    return own or User.objects.filter(email__iexact=email).exists()


@transaction.atomic
def exclude(*, email: str, by) -> ExcludedAddress:
    """From now on, mail between `by` and this address is not kept; what is there is hidden from all others."""
    email = normal(email)
    try:
        validate_email(email)
    except ValidationError:
        raise Refused(_("“%(address)s” is not an e-mail address.") % {"address": line(email)[:100]}) from None
    if is_ours(email):
        raise Refused(_("%(address)s is an address of our own.") % {"address": email})
    excluded, _new = ExcludedAddress.objects.get_or_create(user=by, email=email)
    theirs = Q(sender_email=email) | Q(recipients__contains=[{"email": email}])
    Message.objects.filter(theirs, owner=by).update(is_private=True)
    return excluded


@transaction.atomic
def include(*, excluded: ExcludedAddress, by) -> None:
    """Mail with this address is kept again. What was hidden stays hidden."""
    ExcludedAddress.objects.visible_to(by, Action.CHANGE).get(pk=excluded.pk).delete()


@transaction.atomic
def retry(*, mail: IncomingMail, by) -> IncomingMail:
    """Process a failed mail of the journal again, at once and with as many attempts as a new one has."""
    mail = IncomingMail.objects.visible_to(by, Action.CHANGE).select_for_update(of=("self",)).get(pk=mail.pk)
    if mail.state not in (IncomingState.FAILED, IncomingState.STORED):
        raise Refused(_("This mail has been processed already."))
    mail.attempts, mail.next_try_at = 0, timezone.now()
    mail.save(update_fields=["attempts", "next_try_at"])
    transaction.on_commit(lambda: tasks.wake(mail.pk), robust=True)
    return mail
