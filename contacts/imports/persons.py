"""The import of persons."""

from django.utils.translation import gettext as _

from contacts import normalise
from contacts.duplicates import Probe, find_persons_batch
from contacts.imports.fields import PERSON_FIELDS
from contacts.imports.names import find_companies, split_name
from contacts.imports.settling import find_known, finish, how, mark_doubles, settle, start
from contacts.models import Person, PersonEmail
from crm.accounts.scope import Area
from crm.imports import links, writing
from crm.imports.batch import Context, Row

PERSON = {f.key: f for f in PERSON_FIELDS}
PERSON_COLUMNS = (
    "salutation",
    "title",
    "first_name",
    "last_name",
    "email",
    "phone",
    "mobile",
    "function",
    "street",
    "postal_code",
    "city",
    "country",
)


def _further(row: Row) -> list[str]:
    return [mail.lower() for mail in row.get("further_emails", ()) if "@" in mail]


BESIDE = (
    links.tags(Person.tags.through, "person_id"),
    links.Links(PersonEmail, "person_id", "email", _further),
)


def identity(row: Row) -> tuple:
    """Keys by which two rows of a file mean the same person."""
    return (("mail", row.get("email")),) if row.get("email") else ()


def write(rows: list[Row], context: Context) -> None:
    """The persons of a batch. An existing one is found by external ID, then by e-mail, phone or name and company."""
    by_id = writing.by_external_id(rows, Person)
    for row in rows:
        writing.lookup(row, PERSON, context, "tags")
        if row.ok:
            writing.owner_of(row, PERSON, context, Area.CONTACTS, context.by)
    find_companies(rows, context, PERSON)
    unknown = [r for r in rows if r.ok and r.get("external_id") not in by_id and not r.found.get("same")]
    mark_doubles(unknown, find_persons_batch, context, _probe)
    find_known(rows, Person, by_id, context)
    for beside in BESIDE:
        beside.compare([row for row in rows if row.ok], lambda row: how(row, context))
    changes, new = [], []
    for row in rows:
        if not row.ok:
            continue
        values = {key: value for key, value in split_name(row.get("full_name", "")).items() if value}
        values |= normalise.person({key: row.values[key] for key in PERSON_COLUMNS if key in row.values})
        if row.found.get("company"):
            values["company"] = row.found["company"]
        if row.found["known"]:
            settle(row, values, context, changes)
        elif values.get("first_name") or values.get("last_name") or values.get("email"):
            start(row, Person(**values), new, context)
        else:
            row.reject(_("A person needs a name or an e-mail address."))
    finish(new, changes, context, *BESIDE)


def _probe(row: Row) -> Probe:
    company = row.found.get("company")
    keys = ("email", "postal_code", "city", "country")
    names = _names(row)
    return Probe(
        name=company.name if company else "",
        first_name=names.get("first_name", ""),
        last_name=names.get("last_name", ""),
        phone=row.get("phone") or row.get("mobile") or "",
        **{key: row.get(key) or "" for key in keys},
    )


def _names(row: Row) -> dict[str, str]:
    names = {key: value for key, value in split_name(row.get("full_name", "")).items() if value}
    return names | {key: row.values[key] for key in ("first_name", "last_name", "title") if key in row.values}
