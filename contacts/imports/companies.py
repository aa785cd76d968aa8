"""The import of companies."""

from contacts import normalise
from contacts.duplicates import Probe, find_companies_batch
from contacts.imports.fields import COMPANY_FIELDS
from contacts.imports.names import find_companies
from contacts.imports.settling import find_known, finish, how, mark_doubles, settle, start, takes_owner
from contacts.models import Company, CompanyStatus
from crm.accounts.scope import Area
from crm.imports import links, writing
from crm.imports.batch import Context, Row

TAGS = links.tags(Company.tags.through, "company_id")
COMPANY = {f.key: f for f in COMPANY_FIELDS}
COMPANY_COLUMNS = (
    "name",
    "legal_form",
    "street",
    "postal_code",
    "city",
    "country",
    "email",
    "phone",
    "website",
    "vat_id",
    "industry_code",
    "size",
    "status",
    "customer_since",
    "payment_terms_days",
)


def identity(row: Row) -> tuple:
    """Keys by which two rows of a file mean the same company."""
    country = row.get("country") or ""
    keys = [
        ("mail", row.get("email")),
        ("vat", normalise.vat_id(row.get("vat_id"), country)),
        ("phone", normalise.phone(row.get("phone") or "", country)),
    ]
    if not row.get("external_id"):
        keys.append(("name", (row.get("name") or "").casefold()))
    return tuple(key for key in keys if key[1])


def write(rows: list[Row], context: Context) -> None:
    """The companies of a batch. An existing one is found by external ID, then by the duplicate check."""
    by_id = writing.by_external_id(rows, Company)
    _find_parents(rows, context)
    unknown = [r for r in rows if r.ok and r.get("external_id") not in by_id and not r.found.get("same")]
    mark_doubles(unknown, find_companies_batch, context, _probe)
    find_known(rows, Company, by_id, context)
    for row in rows:
        writing.lookup(row, COMPANY, context, "tags")
        if row.ok and takes_owner(row, context):
            writing.owner_of(row, COMPANY, context, Area.CONTACTS, context.by)
    TAGS.compare([row for row in rows if row.ok], lambda row: how(row, context))
    changes, new = [], []
    for row in rows:
        if not row.ok:
            continue
        values = normalise.company({key: row.values[key] for key in COMPANY_COLUMNS if key in row.values})
        if values.get("customer_since") and values.get("status", "prospect") == "prospect":
            values["status"] = CompanyStatus.CUSTOMER
        if row.found.get("parent"):
            values["parent"] = row.found["parent"]
        if row.found["known"]:
            settle(row, values, context, changes)
        else:
            start(row, Company(**values), new, context)
    finish(new, changes, context, TAGS)


def _find_parents(rows, context) -> None:
    """The parent company, by name or number; it must be there already."""
    fake = {}
    for row in rows:
        if row.ok and row.get("parent"):
            fake[row.number] = Row(row.number, [], row.fingerprint, {"company": row.get("parent")})
    find_companies(list(fake.values()), context, COMPANY, create=False)
    for row in rows:
        if row.number in fake:
            row.found["parent"] = fake[row.number].found.get("company")
            row.reasons += fake[row.number].reasons


def _probe(row: Row) -> Probe:
    keys = ("name", "email", "phone", "vat_id", "website", "postal_code", "city", "country")
    return Probe(**{key: row.get(key) or "" for key in keys})
