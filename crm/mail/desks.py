"""What is made of a mail that belongs to nothing we know, by the purpose of the address it came to.

A room registers its desk in AppConfig.ready(): the inbox makes a lead, the service tickets a ticket.
"""

from collections.abc import Callable
from dataclasses import dataclass

from crm.mail.filing import Place
from crm.mail.models import Message


@dataclass(frozen=True)
class Contact:
    """Who writes, as far as the mail says so plainly."""

    first_name: str
    last_name: str
    company_name: str
    phone: str
    email: str


@dataclass(frozen=True)
class Desk:
    """`make(message, contact)` makes the record and gives the places where the mail is to be filed.

    `label` and `icon` are for the button with which people have it made; `area` is where they need the right to create.
    """

    make: Callable[[Message, Contact], list[Place]]
    label: str
    icon: str
    area: str


_desks: dict[str, Desk] = {}


def register(purpose: str, desk: Desk) -> None:
    """From now on `desk` takes the mails to addresses of this purpose (crm.mail.models.Purpose)."""
    _desks[purpose] = desk


def get(purpose: str) -> Desk | None:
    return _desks.get(purpose)


def open_to(user) -> dict[str, Desk]:
    """{purpose: desk} of those with which `user` may have something made."""
    return {purpose: desk for purpose, desk in _desks.items() if user.may(desk.area, "create")}
