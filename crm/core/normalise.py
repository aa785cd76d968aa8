"""One notation for what people type in many: phone numbers, e-mail addresses, web addresses, countries.

Plain functions, because bulk writers (import, API) use them as well as forms. What cannot be read stays as it was
typed, trimmed: a number in a strange notation is better than none.
"""

import re
import unicodedata
from functools import cache

import phonenumbers
from django.conf import settings
from django.utils import translation
from django_countries import countries

_HOST = re.compile(r"(?=.{4,253}$)([\w-]{1,63}\.)+[^\W\d_][\w-]{1,62}")
# What people write beside the official names.
_COUNTRY_WORDS = {
    "usa": "US", "us": "US", "unitedstates": "US", "uk": "GB", "grossbritannien": "GB", "greatbritain": "GB",
    "england": "GB", "vereinigtestaaten": "US", "brd": "DE", "holland": "NL", "schweiz": "CH", "tschechien": "CZ",
    "turkei": "TR",
    "d": "DE", "a": "AT", "f": "FR", "i": "IT", "b": "BE", "e": "ES", "p": "PT", "l": "LU", "s": "SE", "h": "HU",
}  # fmt: skip


def line(text: str) -> str:
    """`text` on one line, without spaces around it and with single ones inside."""
    return " ".join((text or "").split())


def plain(text: str) -> str:
    """Letters and digits alone, without case and accents: how words are compared."""
    folded = unicodedata.normalize("NFKD", str(text).casefold().replace("ß", "ss"))
    return "".join(c for c in folded if c.isalnum())


def phone(text: str, country: str = "") -> str:
    """`text` in E.164 (+49301234), read as in `country` (ISO code; else the installation's region).

    An extension or an internal number is no whole number: it stays as typed.
    """
    text = line(text)
    if not text or not any(c.isdigit() for c in text):
        return text
    region = str(country or "").upper()
    if region not in phonenumbers.SUPPORTED_REGIONS:
        region = settings.PHONE_REGION
    try:
        number = phonenumbers.parse(text[:250], region)
    except phonenumbers.NumberParseException:
        return text
    # Short local numbers are possible anywhere; only with a dialling code do they say which telephone is meant.
    dialled = text.lstrip("( ").startswith(("0", "+")) and len(str(number.national_number)) >= 6
    known = dialled or phonenumbers.is_valid_number(number)
    # Two numbers in one field look like one very long one.
    if number.extension or not known or len(str(number.national_number)) > 12:
        return text
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def phone_shown(text: str) -> str:
    """A stored number as people read it: +49 7191 5550117. What is not E.164 is shown as it is."""
    if not re.fullmatch(r"\+\d{5,15}", text or ""):
        return text or ""
    try:
        number = phonenumbers.parse(text)
    except phonenumbers.NumberParseException:
        return text
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.INTERNATIONAL)


def email(text: str) -> str:
    """An address in lower case, without what mail programs put around it."""
    return line(text).lower().removeprefix("mailto:").strip(" <>")


def website(text: str) -> str:
    """A web address with its scheme: https://www.hoefle.example. What is none stays as typed."""
    text = line(text)
    scheme, colon, rest = text.rpartition("://")
    if not colon:
        rest = text
    host, _slash, path = rest.partition("/")
    name, _colon, port = host.partition(":")
    if scheme.lower() not in {"", "http", "https"} or " " in rest or not _HOST.fullmatch(name):
        return text
    if port and not (port.isascii() and port.isdigit()):
        return text
    return f"{scheme.lower() or 'https'}://{host.lower()}{f'/{path}' if path else ''}"


def _flat(text: str) -> str:
    return text.replace("ae", "a").replace("oe", "o").replace("ue", "u")


@cache
def _country_codes() -> dict[str, str]:
    codes = {}
    for language in ("en", "de"):
        with translation.override(language):
            codes |= {plain(name): code for code, name in countries}
    codes |= {_flat(name): code for name, code in codes.items()}
    codes |= {plain(countries.alpha3(code)): code for code, _name in countries}
    return codes | _COUNTRY_WORDS | {code.lower(): code for code, _name in countries}


def country(text: str) -> str:
    """The ISO code for a country's name (German or English), ISO code or number plate. Raises ValueError."""
    text = line(text)
    if not text:
        return ""
    try:
        codes = _country_codes()
        return codes.get(plain(text)) or codes[_flat(plain(text))]
    except KeyError:
        raise ValueError(text) from None
