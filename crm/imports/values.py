"""From the text of a cell to a value. What fails says so in a sentence that names the field and the text."""

import datetime
import re
from decimal import ROUND_HALF_UP, Decimal

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from crm.core import normalise, show
from crm.core.normalise import plain
from crm.imports import reading

# What exports write where there is nothing.
EMPTY_WORDS = ("NULL", "N/A", "#N/A", "NaN", "-", "–", "Select", "(leer)")
YES = {"1", "ja", "j", "yes", "y", "true", "wahr", "x", "on", "✓"}
NO = {"0", "nein", "n", "no", "false", "falsch", "off"}
LONGEST = 20_000


class Bad(Exception):
    """A value that cannot be taken. The message is a whole, translated sentence."""


def _bad(field, text: str, why: str) -> Bad:
    shown = text if len(text) <= 60 else text[:60] + "…"
    return Bad(_("%(field)s: “%(text)s” %(why)s") % {"field": field.name, "text": shown, "why": why})


def read(field, text: str, form: str = ""):
    """The value of `text` (not empty) for `field`; `form` is the column's date order or decimal mark. Raises Bad."""
    reader = READERS.get(field.kind, _text)
    return reader(field, text, form)


def _text(field, text, form):
    limit = field.limit or LONGEST
    if len(text) > limit:
        why = _("is longer than %(limit)s characters.") % {"limit": show.number(limit)}
        raise _bad(field, text, why)
    return text


def _line(field, text, form):
    return _text(field, " ".join(text.split()), form)


def _email(field, text, form):
    address = normalise.email(text.removeprefix("mailto:").strip().strip("<>"))
    try:
        validate_email(address)
    except ValidationError:
        raise _bad(field, text, _("is not an e-mail address.")) from None
    return _text(field, address, form)


def _website(field, text, form):
    return _text(field, normalise.website(text), form)


def _moment_of(field, text, form) -> datetime.datetime:
    try:
        return reading.parse_moment(text, form or "dmy")
    except ValueError:
        why = _("is not a date in the form %(form)s.") % {
            "form": reading.DATE_FORMATS.get(form, reading.DATE_FORMATS["dmy"])
        }
        raise _bad(field, text, why) from None


def _date(field, text, form):
    return _moment_of(field, text, form).date()


def _moment(field, text, form):
    moment = _moment_of(field, text, form)
    return timezone.make_aware(moment) if timezone.is_naive(moment) else moment


def _decimal(field, text, form) -> Decimal:
    try:
        return reading.parse_number(text, form or ".")
    except ValueError:
        raise _bad(field, text, _("is not a number.")) from None


def _money(field, text, form):
    value = _decimal(field, text, form)
    if value < 0:
        raise _bad(field, text, _("is less than zero."))
    if value >= 10**12:
        raise _bad(field, text, _("is too large."))
    return value.quantize(Decimal("0.01"), ROUND_HALF_UP)


def _number(field, text, form):
    value = _decimal(field, text, form)
    if value != value.to_integral_value() or not 0 <= value <= 32_767:
        raise _bad(field, text, _("is not a whole number between 0 and 32,767."))
    return int(value)


def _percent(field, text, form):
    value = _decimal(field, text, form)
    if not 0 <= value <= 100:
        raise _bad(field, text, _("is not a percentage between 0 and 100."))
    return int(value.to_integral_value(ROUND_HALF_UP))


def _flag(field, text, form):
    word = text.strip().casefold()
    if word in YES:
        return True
    if word in NO:
        return False
    raise _bad(field, text, _("is neither yes nor no."))


def _choice(field, text, form):
    wanted = plain(text)
    for value, words in field.words.items():
        if wanted == plain(value) or wanted in {plain(word) for word in words}:
            return value
    known = ", ".join(str(words[0]) if words else value for value, words in field.words.items())
    raise _bad(field, text, _("is none of: %(words)s.") % {"words": known})


def _country(field, text, form):
    try:
        return normalise.country(text)
    except ValueError:
        raise _bad(field, text, _("is not a country that is known here.")) from None


def _several(field, text, form):
    names = [" ".join(part.split()) for part in re.split(r"[,;|\n]", text)]
    unique = list({name.casefold(): name for name in names if name}.values())
    for name in unique:
        if len(name) > 80:
            raise _bad(field, name, _("is longer than %(limit)s characters.") % {"limit": 80})
    return unique


def _pick(field, text, form):
    name = " ".join(text.split())
    if len(name) > 80:
        raise _bad(field, name, _("is longer than %(limit)s characters.") % {"limit": 80})
    return name


READERS = {
    "text": _line,
    "long": _text,
    "email": _email,
    "phone": _line,  # brought to one notation where the country is known, by the target
    "website": _website,
    "date": _date,
    "moment": _moment,
    "money": _money,
    "number": _number,
    "percent": _percent,
    "flag": _flag,
    "choice": _choice,
    "country": _country,
    "pick": _pick,
    "picks": _several,
    "user": _line,
    "reference": _line,
}


def words_of(choices) -> dict[str, tuple[str, ...]]:
    """The words of a TextChoices class: its labels in both languages."""
    found = {}
    for value, label in choices.choices:
        names = []
        for language in ("de", "en"):
            with translation.override(language):
                names.append(str(label))
        found[value] = tuple(dict.fromkeys(names))
    return found
