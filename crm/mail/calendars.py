"""Answers to invitations (METHOD:REPLY), for the rooms that send them. The post office knows no appointment.

A room registers in AppConfig.ready() who takes answers. Calendar programs send them as if by a machine, so they are
offered before anything else is asked about a mail.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass

from django.db import transaction
from django.utils.translation import gettext_noop

from crm.mail import judging
from crm.mail.filing import Place
from crm.mail.reading import Invitation

log = logging.getLogger(__name__)
NOT_INVITED = gettext_noop("It answers an invitation, but its sender was not invited.")


@dataclass(frozen=True)
class Taken:
    """What a room says of an answer to one of its invitations: where it belongs, and whose appointment it is.

    `believed`: the sender is one of those who were invited. If not, the room has recorded nothing.
    """

    places: list[Place]
    owner_id: int | None
    believed: bool


Taker = Callable[[Invitation, str], Taken | None]
_takers: list[Taker] = []


def register(taker: Taker) -> None:
    """`taker(invitation, sender)` records the answer of the address `sender`; None: the appointment is not its own."""
    _takers.append(taker)


def take(hand: judging.Hand) -> judging.Verdict | None:
    """Have an answer recorded; None for any other mail, and where a room fails: the mail is then one like others."""
    invitation, sender = hand.mail.invitation, hand.mail.sender
    if invitation is None or invitation.method != "REPLY" or sender is None:
        return None
    for taker in _takers:
        try:
            with transaction.atomic():
                taken = taker(invitation, sender.email)
        except Exception:
            log.exception("the answer to the invitation %s could not be recorded", invitation.uid)
            continue
        if taken and taken.believed:
            return judging.Verdict(places=taken.places, thread=judging.thread(hand), owner_id=taken.owner_id)
        if taken:
            return judging.Verdict(proposal=taken.places, reason=NOT_INVITED, owner_id=taken.owner_id)
    return None
