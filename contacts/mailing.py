"""Companies and persons as the post office sees them: whose addresses are whose."""

from django.utils.translation import gettext_lazy as _

from contacts.models import Company, CompanyMessage, Person, PersonEmail, PersonMessage
from crm.mail import filing
from crm.mail.filing import Place


def _domains(emails: set[str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for email in emails:
        found.setdefault(email.rpartition("@")[2], []).append(email)
    return found


class PersonDrawer(filing.Drawer):
    key, label, icon = "person", _("Person"), "user"
    link, field, is_party = PersonMessage, "person", True

    def addressed(self, emails):
        """By the first address, else a further one; of doubles the older record."""
        further = PersonEmail.objects.filter(email__in=emails).order_by("-person")
        first = Person.objects.filter(email__in=emails).order_by("-pk")
        return dict(further.values_list("email", "person")) | dict(first.values_list("email", "pk"))

    def beside(self, record_ids) -> list[Place]:
        companies = Person.objects.filter(pk__in=record_ids, company__isnull=False).order_by("pk")
        return [("company", pk) for pk in companies.values_list("company", flat=True)]

    def trusts(self, record_id, senders) -> bool:
        company = Person.objects.filter(pk=record_id).values_list("company", flat=True).first()
        return belongs(senders, company=company, person=record_id)


class CompanyDrawer(filing.Drawer):
    key, label, icon = "company", _("Company"), "building"
    link, field, is_party = CompanyMessage, "company", True

    def addressed(self, emails):
        """By its own address, else by its web domain, if that is one company's alone. Freemail domains are nobody's."""
        own = Company.objects.filter(email__in=emails).order_by("-pk").values_list("email", "pk")
        found, domains = dict(own), _domains(emails)
        by_domain: dict[str, list[int]] = {}
        for domain, pk in Company.objects.filter(domain__in=domains).values_list("domain", "pk"):
            by_domain.setdefault(domain, []).append(pk)
        alone = {domain: pks[0] for domain, pks in by_domain.items() if len(pks) == 1}
        return {email: pk for domain, pk in alone.items() for email in domains[domain]} | found

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


def register() -> None:
    """Called when the applications are ready."""
    filing.register(PERSONS)
    filing.register(COMPANIES)
