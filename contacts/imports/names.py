"""Companies and persons that a file only names: found, or made where the user decided so."""

import re

from django.utils.translation import gettext as _

from contacts import normalise
from contacts.models import Company, Person
from crm.accounts.scope import Action, Area
from crm.imports import writing
from crm.imports.batch import Context, Row

NUMBER = re.compile(r"K-\d+", re.IGNORECASE)


def find_companies(rows: list[Row], context: Context, fields: dict, *, create: bool = True) -> None:
    """Puts the company of each row into row.found["company"]: by external ID, by number, else by name.

    A name that is not there yet is made, if the user decided so and may. Rejects rows that cannot be resolved.
    """
    wanted = [row for row in rows if row.ok and (row.get("company") or row.get("company_external_id"))]
    by_id = writing.by_external_id(wanted, Company, "company_external_id")
    names = {row.get("company") for row in wanted if row.get("company")}
    numbers = {name.upper() for name in names if NUMBER.fullmatch(name)}
    by_number = {c.number: c for c in Company.objects.filter(number__in=numbers)} if numbers else {}
    keys = context.folded("crm_company_key", names)
    by_key = _companies_with(set(keys.values()))
    new: dict[str, Company] = {}
    pairs = []
    for row in wanted:
        name, external = row.get("company"), row.get("company_external_id")
        company = by_id.get(external) or by_number.get((name or "").upper())
        if company is None and name and not (external and by_id.get(external)):
            company = _one_of(row, name, by_key.get(keys[name], []), context)
        if company is None and row.ok:
            company = new.get(external or keys[name or ""]) if (external or name) else None
        if company is None and row.ok:
            company = _new_company(row, context, fields, name, external, create)
            if company is not None:
                new[external or keys[name]] = company
                pairs.append((row, company))
        elif company is not None and company.pk and not context.sees(company):
            row.reject(_("Company: %(reason)s") % {"reason": writing.hidden(company)})
        row.found["company"] = company
    context.save_all(pairs)


def _companies_with(keys: set[str]) -> dict[str, list[Company]]:
    if not keys:
        return {}
    found: dict[str, list[Company]] = {}
    for company in Company.objects.filter(match_key__in=keys).select_related("owner").order_by("pk"):
        found.setdefault(company.match_key, []).append(company)
    return found


def _one_of(row: Row, name: str, candidates: list[Company], context: Context) -> Company | None:
    """The company meant by `name`: written exactly so, else the only one; those one may see come first."""
    for some in ([c for c in candidates if context.sees(c)], candidates):
        exact = [c for c in some if c.name.casefold() == name.casefold()]
        place = [c for c in exact or some if row.get("city") and c.city.casefold() == row.get("city").casefold()]
        chosen = place or exact or some
        if len(chosen) == 1:
            return chosen[0]
        if chosen:
            row.reject(
                _("Company: several are called “%(name)s” (%(numbers)s); give the number instead.")
                % {"name": name, "numbers": ", ".join(c.number for c in chosen[:5] if context.sees(c)) or "–"}
            )
            return None
    return None


def _new_company(row, context, fields, name, external, create) -> Company | None:
    if not name:
        row.reject(_("Company: there is none with the ID “%(id)s”.") % {"id": external})
        return None
    if NUMBER.fullmatch(name):
        row.reject(_("Company: there is none with the number “%(id)s”.") % {"id": name})
        return None
    owner = row.found.get("owner") or context.by
    may = context.by.may(Area.CONTACTS, Action.CREATE) and context.may_own(Area.CONTACTS, owner)
    if not create or context.option("companies", "create") != "create" or not may:
        row.reject(_("Company: there is none called “%(name)s”, and it was not to be added.") % {"name": name})
        return None
    context.new_entries[(str(Company._meta.verbose_name), name)] += 1
    values = normalise.company({"name": name[:200]})
    return Company(**values, external_id=external, owner=owner, import_run=context.run)


def _persons(**named):
    """Persons with what is asked for of each: whose they are, and where they work."""
    return Person.objects.filter(**named).select_related("owner", "company")


def find_persons(rows: list[Row], context: Context, fields: dict) -> None:
    """Puts the person of each row into row.found["person"]: by external ID, e-mail, else by name (and company)."""
    keys = ("person", "person_email", "person_external_id")
    wanted = [row for row in rows if row.ok and any(row.get(key) for key in keys)]
    by_id = writing.by_external_id(wanted, Person, "person_external_id", related=("company",))
    mails = {row.get("person_email") for row in wanted} - {None}
    by_mail = {p.email.lower(): p for p in _persons(email__in=mails).order_by("-pk")} if mails else {}
    folded = context.folded("crm_fold", {row.get("person") for row in wanted if row.get("person")})
    by_name: dict[str, list[Person]] = {}
    if folded:
        for person in _persons(match_key__in=set(folded.values())).order_by("pk"):
            by_name.setdefault(person.match_key, []).append(person)
    new: dict[tuple, Person] = {}
    pairs = []
    for row in wanted:
        company = row.found.get("company")
        name, mail, external = (row.get(key) for key in keys)
        person = by_id.get(external) or by_mail.get(mail)
        if person is None and name and not mail and not external:
            same = by_name.get(folded[name], [])
            at_company = [p for p in same if company and p.company_id == company.pk]
            seen = [p for p in at_company or same if context.sees(p)]
            person = seen[0] if len(seen) == 1 else None
        key = (external or mail or folded.get(name, ""), company.pk if company and not (external or mail) else None)
        person = person or new.get(key)
        if person is None:
            person = _new_person(row, context, company, name, mail, external)
            if person is not None:
                new[key] = person
                pairs.append((row, person))
        elif person.pk and not context.sees(person):
            row.reject(_("Person: %(reason)s") % {"reason": writing.hidden(person)})
        row.found["person"] = person
    context.save_all(pairs)


def _new_person(row, context, company, name, mail, external) -> Person | None:
    if not (name or mail):
        row.reject(_("Person: there is none with the ID “%(id)s”.") % {"id": external})
        return None
    owner = row.found.get("owner") or context.by
    may = context.by.may(Area.CONTACTS, Action.CREATE) and context.may_own(Area.CONTACTS, owner)
    if context.option("companies", "create") != "create" or not may:
        row.reject(_("Person: there is none called “%(name)s”, and it was not to be added.") % {"name": name or mail})
        return None
    context.new_entries[(str(Person._meta.verbose_name), name or mail)] += 1
    parts = split_name(name or "")
    return Person(**parts, email=mail or "", external_id=external, company=company, owner=owner, import_run=context.run)


TITLES = re.compile(r"((?:(?:Prof|Dr|Dipl|Ing|Mag|PD|med|rer|nat|habil|h\.\s?c)\b\.?[\s-]*)+)", re.IGNORECASE)
SALUTATIONS = {"herr": "mr", "hr": "mr", "mr": "mr", "frau": "ms", "fr": "ms", "ms": "ms", "mrs": "ms", "miss": "ms"}


def split_name(text: str) -> dict[str, str]:
    """{salutation, title, first_name, last_name} of a name in one piece: "Dr. Eva von Berg", "Berg, Eva"."""
    parts = {"salutation": "", "title": "", "first_name": "", "last_name": ""}
    words = text.split()
    if len(words) > 1 and (salutation := SALUTATIONS.get(words[0].strip(".").casefold())):
        parts["salutation"] = salutation
        text = " ".join(words[1:])
    if (found := TITLES.match(text)) and text[found.end() :].strip():
        parts["title"] = " ".join(found[1].split())[:40]
        text = text[found.end() :]
    if text.count(",") == 1:
        last, first = (part.strip() for part in text.split(","))
    else:
        words = text.split()
        start = next(
            (i for i, w in enumerate(words) if i and w in {"von", "van", "de", "zu", "vom", "zur", "der"}), None
        )
        start = start if start is not None else max(len(words) - 1, 0)
        first, last = " ".join(words[:start]), " ".join(words[start:])
    parts["first_name"], parts["last_name"] = first[:100], last[:100]
    return parts
