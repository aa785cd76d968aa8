"""What can be done with companies and persons. See opportunities/actions.py for how verbs answer.

Verbs bring values to one notation themselves (contacts/normalise.py), whoever calls them. Looking for doubles comes
before creating: contacts/duplicates.py.
"""

from itertools import groupby

from django.db import transaction
from django.db.models import ProtectedError
from django.utils.translation import gettext as _

from contacts import normalise
from contacts.models import Company, CompanyStatus, Person
from crm.accounts.scope import Action, Area, allows
from crm.core import clock
from crm.core.refusals import Overtaken, Refused
from crm.files.models import StoredFile

# How many of the records that keep one from being deleted are named.
NAMED = 3


def may_change(by, contact) -> bool:
    return allows(by, Action.CHANGE, contact)


def _locked(contact, by, action=Action.CHANGE):
    """The row, locked for this transaction, if `by` may do `action` with it."""
    found = type(contact).objects.visible_to(by, action)
    return found.select_for_update(of=("self",)).get(pk=contact.pk)


@transaction.atomic
def create_company(*, by, tags=(), **fields) -> Company:
    """A new company; its owner is `by` unless given. A customer is one from today, unless the day is given."""
    if not by.may(Area.CONTACTS, Action.CREATE):
        raise Company.DoesNotExist
    fields = normalise.company({"owner": by} | fields)
    company = Company.objects.create(**_since(fields))
    company.tags.set(tags)
    return company


@transaction.atomic
def create_person(*, by, tags=(), further_emails=(), **fields) -> Person:
    """A new person; its owner is `by` unless given. `further_emails` are addresses beside the first one."""
    if not by.may(Area.CONTACTS, Action.CREATE):
        raise Person.DoesNotExist
    fields.setdefault("owner", by)
    person = Person.objects.create(**normalise.person(fields))
    person.tags.set(tags)
    _set_further_emails(person, further_emails)
    return person


@transaction.atomic
def update_company(*, company, by, seen=None, tags=None, **fields) -> Company:
    """Change any fields of a company.

    `seen` is its updated_at when it was read: if it was saved since, nothing is written (Overtaken). `tags`, if
    given, replaces them. Whoever becomes a customer is one from today, unless the day is given.
    """
    company = _locked(company, by)
    _check(company, seen)
    if "country" not in fields:
        fields["country"] = company.country
    if "name" in fields and "legal_form" not in fields and company.legal_form:
        # A form that was not read from the name stays as it was entered.
        was_read = company.legal_form == normalise.legal_form(company.name)
        fields["legal_form"] = "" if was_read else company.legal_form
    fields = normalise.company(fields)
    if company.customer_since is None and company.status != CompanyStatus.CUSTOMER:
        fields = _since(fields)
    return _save(company, fields, tags)


def _since(fields: dict) -> dict:
    """The fields of a company that was no customer before: a customer now is one from today, unless a day is given."""
    if fields.get("status") == CompanyStatus.CUSTOMER and not fields.get("customer_since"):
        return fields | {"customer_since": clock.today()}
    return fields


@transaction.atomic
def update_person(*, person, by, seen=None, tags=None, further_emails=None, **fields) -> Person:
    """Change any fields of a person; see update_company. `further_emails`, if given, replaces them."""
    person = _locked(person, by)
    _check(person, seen)
    if "country" not in fields:
        fields["country"] = person.country
    person = _save(person, normalise.person(fields), tags)
    if further_emails is not None:
        _set_further_emails(person, further_emails)
    return person


def _check(contact, seen) -> None:
    if seen is not None and seen != contact.updated_at:
        raise Overtaken(contact)


def _save(contact, fields: dict, tags):
    for name, value in fields.items():
        setattr(contact, name, value)
    # Written even if only tags change: it is the version that the next form compares with.
    contact.save(update_fields=[*fields, "updated_at"])
    if tags is not None:
        contact.tags.set(tags)
    return contact


def _set_further_emails(person, addresses) -> None:
    wanted = {normalise.email(address) for address in addresses} - {"", person.email}
    there = dict(person.further_emails.values_list("email", "pk"))
    person.further_emails.filter(pk__in=[pk for email, pk in there.items() if email not in wanted]).delete()
    for email in sorted(wanted - set(there)):
        person.further_emails.create(email=email)


@transaction.atomic
def attach(*, contact, uploads, by):
    """Keep uploaded files with a company or person."""
    contact = _locked(contact, by)
    contact.files.add(*[StoredFile.keep(upload, by=by) for upload in uploads])
    return contact


@transaction.atomic
def detach(*, contact, file: StoredFile, by):
    """Take a file away; if nothing else uses it, its content is deleted for good."""
    contact = _locked(contact, by)
    contact.files.remove(file)
    file.discard()
    return contact


@transaction.atomic
def delete(*, contact, by) -> None:
    """Delete a company or person. Refused, with what uses it, while anything does."""
    contact = _locked(contact, by, Action.DELETE)
    files = list(contact.files.all())
    try:
        with transaction.atomic():
            contact.delete()
    except ProtectedError as error:
        raise Refused(_in_use(contact, error.protected_objects, by)) from None
    for file in files:
        file.discard()


def _in_use(contact, users, by) -> str:
    """The sentence that names what uses a contact: a few by name, of those that one may not see only the kind."""
    parts = []
    for model, records in groupby(sorted(users, key=lambda r: r._meta.label), key=type):
        keys = [record.pk for record in records]
        seen = model._default_manager.filter(pk__in=keys)
        if hasattr(seen, "visible_to"):
            seen = seen.visible_to(by)
        names = [str(record) for record in seen[: NAMED + 1]]
        kind = str(model._meta.verbose_name_plural)
        if names:
            kind += f" ({', '.join(names[:NAMED])}{' …' if len(names) > NAMED or len(names) < len(keys) else ''})"
        parts.append(kind)
    return _("“%(name)s” is still in use and cannot be deleted: %(users)s. It can be set inactive instead.") % {
        "name": contact,
        "users": "; ".join(parts),
    }
