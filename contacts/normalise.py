"""What contacts are brought to before they are written: forms, inbox, API and import call the same functions."""

import re

from django.utils.translation import gettext as _
from stdnum.eu import vat
from stdnum.exceptions import InvalidChecksum, ValidationError

from crm.core.normalise import country, email, line, phone, website

__all__ = [
    "company",
    "country",
    "email",
    "legal_form",
    "leitweg_id",
    "line",
    "person",
    "phone",
    "vat_id",
    "vat_problem",
    "website",
]

_FORM = (
    r"gesellschaft mit beschränkter haftung|gesellschaft bürgerlichen rechts|aktiengesellschaft|"
    r"kommanditgesellschaft|offene handelsgesellschaft|"
    r"g?gmbh|mbh|ug(?:\s*\(haftungsbeschränkt\))?|kgaa|kg|ag|se|ohg|g\.?b\.?r\.?|e\.?\s?k(?:\.|fr\.|fm\.)?|e\.?\s?v\.?|"
    r"e\.?\s?g\.?|partg(?:\s?mbb)?|partgmbb|inc\.?|incorporated|llc|llp|ltd\.?|limited|plc|corp\.?|corporation|"
    r"b\.?\s?v\.?|n\.?\s?v\.?|s\.\s?a\.?|sa|s\.?\s?à\s?r\.?\s?l\.?|sarl|sàrl|sas|s\.?\s?r\.?\s?l\.?|s\.?\s?p\.?\s?a\.?|"
    r"oyj?|ab|a/s|aps|asa|kft\.?|s\.?\s?r\.?\s?o\.?|d\.?\s?o\.?\s?o\.?|sp\.?\s?z\s?o\.?\s?o\.?"
)
_LEGAL_FORM = re.compile(rf"(?:^|[\s,])((?:{_FORM})(?:\s*(?:&|\+|und|u\.)\s*co\.?\s*(?:{_FORM})?)?)\s*$", re.IGNORECASE)


def legal_form(name: str) -> str:
    """The legal form at the end of a company's name, as it is written there: "GmbH & Co. KG"; empty if none."""
    name = line(name)
    found = _LEGAL_FORM.search(name)
    # The whole name may look like one ("SE", "AG & Co. KG"); then it is a name.
    return found[1] if found and found.start(1) > 0 else ""


def vat_id(text: str, country: str = "") -> str:
    """A VAT id in capitals without spaces and dots: DE136695976. Without country code: that of `country`."""
    number = re.sub(r"[\s.\-/]", "", text or "").upper()
    if not number:
        return ""
    code = {"GR": "EL"}.get(str(country or "").upper(), str(country or "").upper())
    if number[:1].isdigit() and code.lower() in vat.MEMBER_STATES | {"el"}:
        number = code + number
    try:
        return vat.compact(number)
    except ValidationError:
        return number


def vat_problem(number: str) -> str:
    """What is wrong with a VAT id, in a sentence; empty if it is right, or of a country that cannot be checked."""
    number = vat_id(number)
    if not number:
        return ""
    if not re.fullmatch(r"[A-Z]{2}[A-Z0-9+*]+", number):
        return _("A VAT ID begins with the two letters of its country, for example DE136695976.")
    if number[:2].lower() not in vat.MEMBER_STATES | {"el"}:
        return ""
    try:
        vat.validate(number)
    except InvalidChecksum:
        return _("The check digit of this VAT ID is not right. Please compare it with the original.")
    except ValidationError:
        if number.startswith("DE"):
            return _("A German VAT ID has the letters DE and nine digits, for example DE136695976.")
        return _("This is not how VAT IDs of this country are written. Please compare it with the original.")
    return ""


def leitweg_id(text: str) -> str:
    """A Leitweg-ID in capitals without spaces: 04011000-1234512345-06."""
    return re.sub(r"\s", "", text or "").upper()


def _common(fields: dict) -> dict:
    """`fields` (any of a contact's) in one notation; a copy."""
    fields = dict(fields)
    region = str(fields.get("country") or "")
    for key in ("street", "postal_code", "city"):
        if key in fields:
            fields[key] = line(fields[key])
    if "email" in fields:
        fields["email"] = email(fields["email"])
    for key in ("phone", "mobile"):
        if key in fields:
            fields[key] = phone(fields[key], region)
    return fields


def company(fields: dict) -> dict:
    """The fields of a company (any of them) in one notation; the legal form is read from the name if not given."""
    fields = _common(fields)
    if "name" in fields:
        fields["name"] = line(fields["name"])
        if not fields.get("legal_form"):
            fields["legal_form"] = legal_form(fields["name"])
    if "website" in fields:
        fields["website"] = website(fields["website"])
    if "invoice_email" in fields:
        fields["invoice_email"] = email(fields["invoice_email"])
    if "leitweg_id" in fields:
        fields["leitweg_id"] = leitweg_id(fields["leitweg_id"])
    if "vat_id" in fields:
        fields["vat_id"] = vat_id(fields["vat_id"], str(fields.get("country") or ""))
    return fields


def person(fields: dict) -> dict:
    """The fields of a person (any of them) in one notation."""
    fields = _common(fields)
    for key in ("title", "first_name", "last_name", "function"):
        if key in fields:
            fields[key] = line(fields[key])
    return fields
