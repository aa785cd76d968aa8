"""Is this company or person already there? One check for every way in: form, inbox, API, import.

Exact on e-mail, VAT id, telephone and the company's own web domain; alike in name and place, whatever the notation of
umlauts and legal form, with swapped, missing or doubled letters. One statement for any number of probes; it goes
through B-tree indexes for what must be equal and through a trigram index for what must be alike.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.crypto import salted_hmac
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from rapidfuzz import fuzz
from rapidfuzz.distance import OSA

from contacts import normalise
from contacts.models import Company, Person
from crm.accounts.scope import Action, allows
from crm.core import show
from crm.core.normalise import plain

# Names share few trigrams after two letters change places: up to this length their neighbours are looked up one by one.
SHORT = 32
LEAST_ALIKE = 80
# Anna and Andrea are two people.
LEAST_ALIKE_PERSON = 90
LIMIT = 5
HERE = {
    "street": gettext_lazy("same address"),
    "postal": gettext_lazy("same postal code"),
    "city": gettext_lazy("same city"),
}


@dataclass(frozen=True)
class Probe:
    """What is known of someone who may already be there. `name` is the company's; any field may be empty."""

    name: str = ""
    first_name: str = ""
    last_name: str = ""
    email: str = ""
    phone: str = ""
    vat_id: str = ""
    website: str = ""
    street: str = ""
    postal_code: str = ""
    city: str = ""
    country: str = ""


@dataclass(frozen=True)
class Match:
    """A record that may be the same. `score` is 0–100, `reasons` are translated words.

    `exact` says what is equal and speaks for the same record without a look at the rest: email, vat_id, phone, domain,
    name (at the same place, or with nothing known that is against it).

    If the user may not see the record, `visible` is False, `record` None, `reasons` and `exact` empty: one learns that
    it exists and whom to ask (`owner`, a name), nothing else. `mark` names the match without telling anything of it: a
    form keeps which warnings were seen.
    """

    record: Company | Person | None
    score: int
    reasons: tuple[str, ...]
    visible: bool
    owner: str
    mark: str
    exact: frozenset[str] = frozenset()


# The key itself, each pair of neighbouring letters swapped, each letter left out.
_NEAR = f"""CASE WHEN length({{key}}) BETWEEN 4 AND {SHORT} THEN ARRAY(
    SELECT {{key}}
    UNION ALL SELECT overlay({{key}} placing reverse(substr({{key}}, i, 2)) from i for 2)
      FROM generate_series(1, length({{key}}) - 1) i
    UNION ALL SELECT overlay({{key}} placing '' from i for 1) FROM generate_series(1, length({{key}})) i
  ) END"""  # noqa: S608 our own words

_PROBES = f"""
WITH folded AS (
  SELECT n, crm_company_key(name) AS company_key, crm_fold(person) AS person_key, email, phone, vat_id,
    crm_domain(email, website) AS domain, postal_code, crm_fold(city) AS city
  FROM unnest(%(n)s::int[], %(name)s::text[], %(person)s::text[], %(email)s::text[], %(phone)s::text[],
    %(vat_id)s::text[], %(website)s::text[], %(postal_code)s::text[], %(city)s::text[])
    AS given (n, name, person, email, phone, vat_id, website, postal_code, city)
), probe AS (
  SELECT *, {_NEAR.format(key="company_key")} AS near_companies, {_NEAR.format(key="person_key")} AS near_persons
  FROM folded
)
"""  # noqa: S608 our own words

# Names that are alike, or (many times faster, for thousands of probes) only those that are the same.
_COMPANIES_ALIKE = """
    (SELECT id FROM contacts_company WHERE match_key = ANY (probe.near_companies)
      ORDER BY postal_code = probe.postal_code OR crm_fold(city) = probe.city DESC, id LIMIT 20)
    UNION ALL
    (SELECT id FROM contacts_companies_like(probe.company_key, probe.postal_code, probe.city, 20))
"""
_COMPANIES_SAME = """
    (SELECT id FROM contacts_company WHERE match_key = probe.company_key AND match_key <> ''
      ORDER BY postal_code = probe.postal_code OR crm_fold(city) = probe.city DESC, id LIMIT 20)
"""

# One branch for each index; each is bounded, so that a domain of a thousand companies costs no more than any other.
_COMPANIES = """
, hit AS (
  SELECT DISTINCT probe.n, found.id FROM probe, LATERAL (
    (SELECT id FROM contacts_company WHERE vat_id = probe.vat_id AND vat_id <> '' LIMIT 20)
    UNION ALL
    (SELECT id FROM contacts_company WHERE email = probe.email AND email <> '' LIMIT 20)
    UNION ALL
    (SELECT id FROM contacts_company WHERE phone = probe.phone AND phone <> '' LIMIT 20)
    UNION ALL
    (SELECT id FROM contacts_company WHERE domain = probe.domain AND domain <> '' LIMIT 20)
    UNION ALL
    @names
  ) found
)
SELECT company.*, probe.n AS probe, probe.company_key AS probe_key, probe.domain AS probe_domain,
  probe.city AS probe_city, crm_fold(company.city) AS city_key, owner.name AS owner_name
FROM hit JOIN probe USING (n) JOIN contacts_company company ON company.id = hit.id
LEFT JOIN accounts_user owner ON owner.id = company.owner_id
"""

_PERSONS_ALIKE = """
    (SELECT id FROM contacts_person WHERE match_key = ANY (probe.near_persons)
      ORDER BY postal_code = probe.postal_code OR crm_fold(city) = probe.city DESC, id LIMIT 50)
    UNION ALL
    (SELECT id FROM contacts_persons_like(probe.person_key, probe.postal_code, probe.city, 50))
"""
_PERSONS_SAME = """
    (SELECT id FROM contacts_person WHERE match_key = probe.person_key AND match_key <> ''
      ORDER BY postal_code = probe.postal_code OR crm_fold(city) = probe.city DESC, id LIMIT 50)
"""

_PERSONS = """
, hit AS (
  SELECT DISTINCT probe.n, found.id FROM probe, LATERAL (
    (SELECT id FROM contacts_person WHERE email = probe.email AND email <> '' LIMIT 20)
    UNION ALL
    (SELECT person_id FROM contacts_personemail WHERE email = probe.email LIMIT 20)
    UNION ALL
    (SELECT id FROM contacts_person WHERE phone = probe.phone AND phone <> '' LIMIT 20)
    UNION ALL
    (SELECT id FROM contacts_person WHERE mobile = probe.phone AND mobile <> '' LIMIT 20)
    UNION ALL
    @names
  ) found
)
SELECT person.*, probe.n AS probe, probe.person_key AS probe_key, probe.domain AS probe_domain,
  probe.company_key AS probe_company, probe.city AS probe_city, crm_fold(person.city) AS city_key,
  crm_domain(person.email, '') AS domain, company.match_key AS company_key, owner.name AS owner_name,
  EXISTS (SELECT FROM contacts_personemail further WHERE further.person_id = person.id
    AND further.email = probe.email AND further.email <> '') AS further_email
FROM hit JOIN probe USING (n) JOIN contacts_person person ON person.id = hit.id
LEFT JOIN contacts_company company ON company.id = person.company_id
LEFT JOIN accounts_user owner ON owner.id = person.owner_id
"""


def find_companies(probe: Probe, *, user=None, limit: int = LIMIT, exclude: int | None = None) -> list[Match]:
    """The companies that may be the one of `probe`, the most alike first.

    `user` decides what is visible (None: everything, for work that no user sees); `exclude` is the id of the company
    that is being edited.
    """
    return find_companies_batch([probe], user=user, limit=limit, exclude=exclude)[0]


def find_persons(probe: Probe, *, user=None, limit: int = LIMIT, exclude: int | None = None) -> list[Match]:
    """The persons that may be the one of `probe`; see find_companies."""
    return find_persons_batch([probe], user=user, limit=limit, exclude=exclude)[0]


def find_companies_batch(
    probes: Sequence[Probe], *, user=None, limit=LIMIT, exclude=None, alike=True
) -> list[list[Match]]:
    """The same for many probes with one query; the answer has the probes' order.

    Without `alike`, names count only where they are the same: what thousands of rows of a file can afford.
    """
    branches = _COMPANIES.replace("@names", _COMPANIES_ALIKE if alike else _COMPANIES_SAME)
    return _find(Company, branches, _rate_company, probes, user, limit, exclude)


def find_persons_batch(
    probes: Sequence[Probe], *, user=None, limit=LIMIT, exclude=None, alike=True
) -> list[list[Match]]:
    """The same for many probes with one query; see find_companies_batch."""
    branches = _PERSONS.replace("@names", _PERSONS_ALIKE if alike else _PERSONS_SAME)
    return _find(Person, branches, _rate_person, probes, user, limit, exclude)


def tidied(probe: Probe) -> Probe:
    """The probe in the notation in which records are kept, nothing longer than a record can be."""
    values = {name: value[:300].replace("\0", "") for name, value in vars(probe).items() if isinstance(value, str)}
    country = values["country"]
    return Probe(
        **values
        | {
            "name": normalise.line(values["name"]),
            "email": normalise.email(values["email"]),
            "phone": normalise.phone(values["phone"], country),
            "vat_id": normalise.vat_id(values["vat_id"], country),
            "website": normalise.website(values["website"]),
            "postal_code": normalise.line(values["postal_code"]),
        }
    )


def _find(model, branches, rate, probes, user, limit, exclude) -> list[list[Match]]:
    probes = [tidied(probe) for probe in probes]
    found: list[list[Match]] = [[] for _probe in probes]
    if not probes:
        return found
    columns = {
        name: [getattr(probe, name) for probe in probes]
        for name in ("name", "email", "phone", "vat_id", "website", "postal_code", "city")
    }
    columns["n"] = list(range(len(probes)))
    columns["person"] = [f"{probe.first_name} {probe.last_name}" for probe in probes]
    # Of those that are equally alike the oldest come first: what is added changes nothing about what was found.
    for record in sorted(model.objects.raw(_PROBES + branches, columns), key=lambda record: record.pk):
        if record.pk == exclude:
            continue
        score, reasons, exact = rate(probes[record.probe], record)
        if score:
            found[record.probe].append(_match(record, score, reasons, exact, user))
    return [sorted(matches, key=lambda m: (-m.score, not m.visible))[:limit] for matches in found]


def _match(record, score, reasons, exact, user) -> Match:
    owner = record.owner_name or ""
    mark = salted_hmac("contacts.duplicates", f"{record._meta.label}:{record.pk}").hexdigest()[:20]
    if user is None or allows(user, Action.VIEW, record):
        return Match(record, score, tuple(reasons), True, owner, mark, frozenset(exact))
    return Match(None, score, (), False, owner, mark)


def alike(one: str, other: str) -> int:
    """How alike two folded names are, 0–100; the order of words does not matter, one slip of the keyboard little."""
    if not one or not other:
        return 0
    score = max(fuzz.ratio(one, other), fuzz.token_sort_ratio(one, other))
    shorter = min(len(one), len(other))
    if score < 100 and shorter >= 4 and OSA.distance(one, other, score_cutoff=1) <= 1:
        score = max(score, 90)
    return int(score)


def _place(probe: Probe, record) -> str | None:
    """ "postal" or "city" if they are the same, "other" if both say where and it differs, None if one does not say."""
    same_code = probe.postal_code and probe.postal_code == record.postal_code
    if same_code and probe.street and plain(probe.street) == plain(record.street):
        return "street"
    if same_code:
        return "postal"
    mine, theirs = record.probe_city, record.city_key
    if mine and theirs:
        # Frankfurt is Frankfurt am Main.
        return "city" if f"{mine} ".startswith(f"{theirs} ") or f"{theirs} ".startswith(f"{mine} ") else "other"
    return "other" if probe.postal_code and record.postal_code else None


def _rate_company(probe: Probe, company) -> tuple[int, list[str], set[str]]:
    exact = {}
    if probe.vat_id and probe.vat_id == company.vat_id:
        exact["vat_id"] = (100, _("same VAT ID"))
    if probe.email and probe.email == company.email:
        exact["email"] = (98, _("same e-mail address"))
    if probe.phone and probe.phone == company.phone:
        exact["phone"] = (92, _("same phone number"))
    if company.probe_domain and company.probe_domain == company.domain:
        exact["domain"] = (88, _same_domain(probe, company))
    place = _place(probe, company)
    score, reasons = _rate(list(exact.values()), alike(company.probe_key, company.match_key), place)
    same_name = {"name"} if company.probe_key == company.match_key != "" and place != "other" else set()
    return score, reasons, {*exact, *same_name}


def _rate_person(probe: Probe, person) -> tuple[int, list[str], set[str]]:
    signs, exact = [], set()
    name = alike(person.probe_key, person.match_key)
    if probe.email and (probe.email == person.email or person.further_email):
        signs.append((100, _("same e-mail address")))
        exact.add("email")
    if probe.phone and probe.phone in (person.phone, person.mobile):
        signs.append((88, _("same phone number")))
        # Colleagues share a telephone: the number alone does not say who it is.
        exact |= {"phone"} if name >= LEAST_ALIKE_PERSON else set()
    hints = []
    if name >= LEAST_ALIKE_PERSON:
        # A name alone is shared by many; that of a colleague at the same company hardly.
        if person.probe_domain and person.probe_domain == person.domain and not signs:
            hints.append((90, _same_domain(probe, person)))
        if alike(person.probe_company, person.company_key or "") >= 90:
            hints.append((90, _("same company")))
    place = _place(probe, person)
    if not signs and not hints and place == "other":
        return 0, [], set()
    if person.probe_key == person.match_key != "" and (hints or place in HERE):
        exact.add("name")
    return *_rate(signs + hints, name, place, least=LEAST_ALIKE_PERSON, alone=60), exact


def _same_domain(probe: Probe, record) -> str:
    both_mail = probe.email.endswith(f"@{record.probe_domain}") and record.email.endswith(f"@{record.probe_domain}")
    return _("same e-mail domain") if both_mail else _("same web domain")


def _rate(
    exact: list, name: int, place: str | None, *, least: int = LEAST_ALIKE, alone: int = 90
) -> tuple[int, list[str]]:
    """Score and reasons out of what is equal, how alike the names are, and the place; (0, []) is no match.

    `least` is how alike names must be where something else speaks for it as well; `alone` the most that a name can be
    worth without anything beside it.
    """
    here = place in HERE
    if not (here or exact):
        least = 94 if place == "other" else max(least, 86)
    if not exact and name < least:
        return 0, []
    # What is equal counts; each further sign that it is the same takes half of what is missing to 100.
    signs = [score for score, _reason in exact]
    reasons = [reason for _score, reason in exact]
    if name >= least:
        signs.append(round(name * (0.96 if here else alone / 100 if place is None else alone / 100 - 0.15)))
        reasons.append(_("same name") if name == 100 else _("name %(alike)s alike") % {"alike": show.percent(name)})
    if here:
        reasons.append(str(HERE[place]))
    signs.sort(reverse=True)
    score = signs[0]
    for _sign in signs[1:]:
        score += (100 - score) / 2
    return round(score), reasons
