"""Companies and persons as the post office sees them: whose addresses are whose."""

from django.utils.translation import gettext_lazy as _

from contacts.models import Company, CompanyMessage, Person, PersonEmail, PersonMessage
from contacts.salutation import salutation
from crm.accounts.scope import Action, allows
from crm.mail import filing
from crm.mail.filing import Place

# How many of a company's people are offered as recipients.
COLLEAGUES = 30


def _domains(emails: set[str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for email in emails:
        found.setdefault(email.rpartition("@")[2], []).append(email)
    return found


class PersonDrawer(filing.Drawer):
    key, label, icon = "person", _("Person"), "user"
    link, field, is_party, pick_url = PersonMessage, "person", True, "contacts:pick-person"

    def addressed(self, emails, *, exact=False):
        """By the first address, else a further one; of doubles the older record."""
        further = PersonEmail.objects.filter(email__in=emails).order_by("-person")
        first = Person.objects.filter(email__in=emails).order_by("-pk")
        return dict(further.values_list("email", "person")) | dict(first.values_list("email", "pk"))

    def beside(self, record_ids) -> list[Place]:
        companies = Person.objects.filter(pk__in=record_ids, company__isnull=False).order_by("pk")
        return [("company", pk) for pk in companies.values_list("company", flat=True)]

    def recipients(self, record, user):
        further = record.further_emails.order_by("email").values_list("email", flat=True)
        return [(str(record), email) for email in (record.email, *further) if email]

    def words(self, record, user):
        return words(record.company, record, user)

    def trusts(self, record_id, senders) -> bool:
        company = Person.objects.filter(pk=record_id).values_list("company", flat=True).first()
        return belongs(senders, company=company, person=record_id)


class CompanyDrawer(filing.Drawer):
    key, label, icon = "company", _("Company"), "building"
    link, field, is_party, pick_url = CompanyMessage, "company", True, "contacts:pick-company"

    def addressed(self, emails, *, exact=False):
        """By its own address, else by its web domain, if that is one company's alone. Freemail domains are nobody's."""
        own = Company.objects.filter(email__in=emails).order_by("-pk").values_list("email", "pk")
        if exact:
            return dict(own)
        found, domains = dict(own), _domains(emails)
        by_domain: dict[str, list[int]] = {}
        for domain, pk in Company.objects.filter(domain__in=domains).values_list("domain", "pk"):
            by_domain.setdefault(domain, []).append(pk)
        alone = {domain: pks[0] for domain, pks in by_domain.items() if len(pks) == 1}
        return {email: pk for domain, pk in alone.items() for email in domains[domain]} | found

    def recipients(self, record, user):
        own = [(str(record), record.email)] if record.email else []
        return own + colleagues(record, user)

    def words(self, record, user):
        return words(record, None, user)

    def trusts(self, record_id, senders) -> bool:
        return belongs(senders, company=record_id)


PERSONS, COMPANIES = PersonDrawer(), CompanyDrawer()


def belongs(senders: set[str], *, company: int | None = None, person: int | None = None) -> bool:
    """Is one of these addresses the person's, the company's, or that of somebody who works there? Ids of both."""
    persons = set(PERSONS.addressed(senders).values())
    if person in persons:
        return True
    if company is None:
        return False
    at_work = Person.objects.filter(pk__in=persons, company=company).exists()
    return (
        at_work
        or Company.objects.filter(pk=company, email__in=senders).exists()
        or (Company.objects.filter(pk=company, domain__in=_domains(senders)).exclude(domain="").exists())
    )


def colleagues(company, user) -> list[tuple[str, str]]:
    """[(name, e-mail)] of those who work at a company, the first ones by name, as far as `user` may see them."""
    persons = Person.objects.visible_to(user).filter(company=company, is_active=True).exclude(email="")
    return [(str(person), person.email) for person in persons.order_by("sort_name", "pk")[:COLLEAGUES]]


def words(company, person, user) -> dict[str, str]:
    """The placeholders of a company and a person, either of which may be None; whom `user` may not see is not named."""
    company = company if company is not None and allows(user, Action.VIEW, company) else None
    person = person if person is not None and allows(user, Action.VIEW, person) else None
    return {
        "salutation": salutation(person),
        "first_name": person.first_name if person else "",
        "last_name": person.last_name if person else "",
        "customer": str(company or person or ""),
    }


def register() -> None:
    """Called when the applications are ready."""
    filing.register(PERSONS)
    filing.register(COMPANIES)
