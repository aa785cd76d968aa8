"""The mails of the storm, of six sorts, and what has to become of each."""

from dataclasses import dataclass

from contacts.models import Company, Person
from crm.accounts.models import Role, User
from crm.lists.models import Source
from crm.mail.models import Address, IncomingState, Purpose
from opportunities import actions as opportunities
from tests.mail.incoming import mail

CUSTOMERS = 20
DEAL, CONTACT, LEAD, STRANGER, AUTOMATIC, OURS = "deal", "contact", "lead", "stranger", "automatic", "ours"
SORTS = (DEAL, CONTACT, LEAD, STRANGER, AUTOMATIC, OURS)


@dataclass(frozen=True)
class Sent:
    """A mail, and what it has to become. `places`: {drawer: record's id}, of the records it has to be filed with."""

    number: int
    sort: str
    raw: bytes
    sender: str
    to: str
    state: str
    places: dict


class Cast:
    """A user, customers with a deal each, and the addresses of the CRM."""

    def __init__(self):
        self.user = User.objects.create(
            email="rep@example.com", name="Rep", role=Role.objects.get(name="admin"), password="!"
        )
        Address.objects.create(email="crm@example.com", purpose=Purpose.CAPTURE)
        Address.objects.create(email="anfragen@example.com", purpose=Purpose.LEADS)
        Source.objects.get_or_create(name="E-Mail")
        self.customers = [self._customer(number) for number in range(CUSTOMERS)]

    def _customer(self, number: int):
        domain = f"kunde{number:02d}.example"
        company = Company.objects.create(name=f"Kunde {number} GmbH", website=f"https://{domain}", owner=self.user)
        person = Person.objects.create(
            last_name=f"Kurz{number}", email=f"kurz@{domain}", company=company, owner=self.user
        )
        deal = opportunities.create_opportunity(by=self.user, title=f"Anlage {number}", company=company, person=person)
        return company, person, deal

    def write(self, number: int) -> Sent:
        """The mail with this number."""
        sort = SORTS[number % len(SORTS)]
        company, person, deal = self.customers[number % CUSTOMERS]
        stranger, subject, more = f"unbekannt{number}@fremd.example", f"Mail {number}", {}
        contact = {"person": person.pk, "company": company.pk}
        whole = {"opportunity": deal.pk, **contact}
        sender, to, state, places = {
            DEAL: (person.email, "crm@example.com", IncomingState.PROCESSED, whole),
            CONTACT: (person.email, "crm@example.com", IncomingState.PROCESSED, contact),
            LEAD: (stranger, "anfragen@example.com", IncomingState.PROCESSED, {"item": None}),
            STRANGER: (stranger, "crm@example.com", IncomingState.REVIEW, {}),
            AUTOMATIC: (stranger, "anfragen@example.com", IncomingState.IGNORED, {}),
            OURS: (self.user.email, f"crm+{deal.number}@example.com", IncomingState.PROCESSED, whole),
        }[sort]
        if sort in (DEAL, STRANGER):
            subject = f"AW: [{deal.number}] {subject}"
        if sort == AUTOMATIC:
            more["Auto_Submitted"] = "auto-replied"
        header_to = person.email if sort == OURS else to
        text = f"Guten Tag, dies ist die Mail {number}.\n" + "Zeile\n" * (number % 50)
        raw = mail(sender, header_to, subject, text, Message_ID=f"<{number}@storm.example>", **more)
        return Sent(number, sort, raw.replace(b"\n", b"\r\n"), sender, to, str(state), places)
