"""Dates and numbers as people write them: which notations a text allows, and what it then means."""

import datetime
import re
from decimal import Decimal, InvalidOperation

from django.utils.translation import gettext_lazy

DATE = re.compile(
    r"(\d{1,4})(\. ?|[\-/ ])(?:(\d{1,2})\2|([A-Za-zäÄ]{3,9})\.?(?:\2|[ \-]))(\d{1,4})"
    r"(?:[T ,]+(?:um )?(\d{1,2})[:.](\d{2})(?:[:.](\d{2})(?:[.,]\d+)?)?"
    r"\s*([AaPp]\.?[Mm]\.?)?\s*(Z|UTC|[+-]\d{2}:?\d{2})?)?"
)
MONTHS = {
    name: number
    for number, names in enumerate(
        (
            "jan januar january jän jänner",
            "feb februar february",
            "mär mar mrz märz maerz march",
            "apr april",
            "mai may",
            "jun juni june",
            "jul juli july",
            "aug august",
            "sep sept september",
            "okt oct oktober october",
            "nov november",
            "dez dec dezember december",
        ),
        1,
    )
    for name in names.split()
}
DATE_FORMATS = {
    "dmy": gettext_lazy("DD.MM.YYYY"),
    "mdy": gettext_lazy("MM/DD/YYYY"),
    "ymd": gettext_lazy("YYYY-MM-DD"),
}
NUMBER = re.compile(
    r"[+\-−]?\s*(?:[€$£]|EUR|USD)?\s*[+\-−]?\d[\d.,'\s\u00a0\u202f]*\s*(?:€|\$|£|EUR|USD|%)?", re.IGNORECASE
)
NUMBER_FORMATS = {",": "1.234,56", ".": "1,234.56"}


def parse_moment(text: str, order: str) -> datetime.datetime:
    """A date, with or without the time of day; `order` ("dmy", "mdy", "ymd") decides where it could be either.

    Naive unless the text names its offset. Raises ValueError.
    """
    found = DATE.fullmatch(text.strip())
    if not found:
        raise ValueError(text)
    first, _separator, second, name, third, hour, minute, second_of, half, zone = found.groups()
    if name:
        day, month, year = int(first), MONTHS.get(name.lower(), 0), int(third)
    elif len(first) == 4:
        year, month, day = int(first), int(second), int(third)
    elif len(first) > 2:
        raise ValueError(text)
    else:
        day, month, year = int(first), int(second), int(third)
        if order == "mdy":
            day, month = month, day
        elif order == "ymd" and len(third) <= 2:
            year, month, day = int(first), int(second), int(third)
    if len(third) == 3:
        raise ValueError(text)
    if len(third) <= 2 and len(first) < 4:
        year += 2000 if year < 70 else 1900
    hours = int(hour or 0)
    if half:
        hours = hours % 12 + (12 if half.lower().startswith("p") else 0)
    moment = datetime.datetime(year, month, day, hours, int(minute or 0), int(second_of or 0))
    if not 1900 <= moment.year <= 2200:
        raise ValueError(text)
    if zone:
        offset = zone if zone not in {"Z", "UTC"} else "+00:00"
        offset = offset if ":" in offset else f"{offset[:3]}:{offset[3:]}"
        moment = moment.replace(tzinfo=datetime.datetime.fromisoformat(f"2000-01-01T00:00{offset}").tzinfo)
    return moment


def parse_number(text: str, decimal: str) -> Decimal:
    """A number whose decimal mark is `decimal` ("," or "."); currency signs and per cent are left aside.

    Where the text can only be meant the other way (1637.83 in a column with commas), it is read so. Raises ValueError.
    """
    if not NUMBER.fullmatch(text.strip()):
        raise ValueError(text)
    bare = re.sub(r"[^\d.,+\-−]", "", text).replace("−", "-")
    group = "." if decimal == "," else ","
    both = decimal in bare and group in bare
    # 1.234.567 or 1637.83 where commas were expected, and 1,234.56 in a column of 1.234,56.
    repeated = bare.count(decimal) > 1 and bare.count(group) <= 1
    ungrouped = decimal not in bare and bare.count(group) == 1 and len(bare.rsplit(group, 1)[1]) != 3
    if repeated or ungrouped or (both and group in bare[bare.index(decimal) :]):
        decimal, group = group, decimal
    try:
        return Decimal(bare.replace(group, "").replace(decimal, "."))
    except InvalidOperation:
        raise ValueError(text) from None


def date_orders(text: str) -> set[str]:
    """In which orders `text` is a date; empty if it is none. A written month or a leading year is "ymd"."""
    found = DATE.fullmatch(text.strip())
    if not found:
        return set()
    possible = set()
    for order in ("dmy", "mdy"):
        try:
            parse_moment(text, order)
        except ValueError:
            continue
        possible.add(order)
    unambiguous = len(found[1]) == 4 or bool(found[4])
    return {"ymd"} if possible and unambiguous else possible


def number_marks(text: str) -> set[str]:
    """Which decimal marks `text` allows: {","}, {"."}, both where it has none or is unclear; empty: no number."""
    text = text.strip()
    if not NUMBER.fullmatch(text):
        return set()
    bare = re.sub(r"[^\d.,]", "", text)
    marks = [c for c in bare if c in ",."]
    if not marks:
        return {",", "."}
    if len(set(marks)) == 2:
        return {marks[-1]}
    if len(marks) > 1:
        return {"." if marks[0] == "," else ","}
    return {",", "."} if len(bare.rsplit(marks[0], 1)[1]) == 3 and not bare.startswith("0") else {marks[0]}
