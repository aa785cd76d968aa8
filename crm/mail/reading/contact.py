"""Who writes, by the signature: only what is plain. A form is filled in with it; nobody wants to erase nonsense."""

import re

from crm.core.normalise import phone, plain
from crm.mail.reading.charsets import line
from crm.mail.reading.kinds import Address
from crm.mail.reading.reply import is_closing

FORWARDS, BACKWARDS = 1, -1
_SPELT = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue"})
# Klein Eva (Extern), Klein Eva (DE-UL3): how large firms list people.
_LISTED = re.compile(
    r"\((?i:extern(al|e|er)?|intern(al|e|er)?|ext\.?|int\.?|contractor|consultant)\)|\([A-Z]{2,4}[-/ ]\w+\)"
)
ROWS = 25  # of a signature that are looked at
WIDTH = 200
_LEGAL = (
    r"GmbH( & Co\.? ?(KG|OHG))?|gGmbH|mbH|AG( & Co\.? ?KG)?|KGaA|KG|OHG|GbR|UG( \(haftungsbeschränkt\))?"
    r"|e\. ?K\.|e\. ?V\."
    r"|eG|SE|PartG( ?mbB)?"
    r"|Ltd\.?|Limited|LLC|LLP|PLC|Inc\.?|Corp\.?|Corporation|Company|S\.?A\.?R\.?L\.?|S\.?A\.?S?|S\.?r\.?l\.?"
    r"|S\.?p\.?A\.?|B\.?V\.?|N\.?V\.?"
    r"|Sp\. z o\. ?o\.|s\. ?r\. ?o\.|Oy|AB|A/S|ApS|GesmbH|Ges\.m\.b\.H\."
)
# The first words of a line up to the legal form; what follows (a slogan, an address) must be set apart.
_COMPANY = re.compile(rf"([^\W_][^|,;·•<>@:]{{0,80}}? (?:{_LEGAL}))(?=\s*(?:$|[|,;·•–—(]| - ))")
_MOBILE_LABEL = r"mobil(e|funk|telefon|nummer)?|handy|cell|cellphone|m"
_PHONE = re.compile(
    r"(?:^|[\s|,;·•])(tel(?:efon|ephone)?|fon|phone|ph|durchwahl|direkt|direct|zentrale|t|p|mobil(?:e|funk"
    r"|telefon)?|handy|cell|m)"
    r"\.?(?: ?(?:nr|no)\.?)? ?[:.]? ?(\+?[\d(][\d \u00a0()/.\-–]{5,24}\d)",
    re.IGNORECASE,
)
_BARE_PHONE = re.compile(r"\s*((?:\+|00)[1-9][\d \u00a0()/.\-–]{6,24}\d)\s*")
_TITLES = re.compile(
    r"^(?:(?:i\. ?[AV]\.|ppa\.?|gez\.|herr|frau|mr\.?|mrs\.?|ms\.?|dr\.?|prof\.?|dipl\.[- ]?\w+\.?|ing\.|mag\.)\s+)+",
    re.IGNORECASE,
)
_AFTER_NAME = re.compile(
    r"\s*(?:,\s*(?:M\.?A\.?|M\.?Sc\.?|B\.?Sc\.?|B\.?A\.?|MBA|Ph\.? ?D\.?|LL\.?M\.?|CPA)|\(.*\)|[|–—].*)\s*$",
    re.IGNORECASE,
)
_WORD = r"[^\W\d_][^\W\d_'’.\-]*(?:[-'’][^\W\d_]+)*\.?"
_NAME = re.compile(rf"{_WORD}(?: {_WORD}){{1,4}}")
_PARTICLES = {
    "von", "van", "de", "der", "den", "zu", "zum", "zur", "vom", "del", "della", "di", "da", "la", "le", "ten",
    "ter", "el",
}  # fmt: skip
_SMALL = {"&", "und", "and", "für", "of", "der", "die", "des", "von", "van", "de", "e.", "et", "mbH", "eG", "gGmbH"}
_NO_NAMES = {
    "team", "support", "service", "vertrieb", "verkauf", "einkauf", "info", "kundenservice", "buchhaltung", "sales",
    "office", "newsletter", "noreply", "no-reply", "customer", "kundendienst", "marketing", "geschäftsführer",
    "geschäftsführerin", "leiter", "leiterin", "manager", "director", "assistant", "assistenz", "gmbh", "ag", "kg",
    "sekretariat", "zentrale",
}  # fmt: skip


def from_signature(text: str, signature: str, sender: Address | None) -> dict[str, str]:
    """first_name, last_name, company_name and phone (E.164 where it is a number), "" for what is not plain.

    `text` is the mail without quotes; it is looked at where `signature` is empty and the mail ends with a closing.
    """
    rows = [
        line(row[:WIDTH].strip(" *_|"), WIDTH) for row in (signature.strip() or _end_of(text)).split("\n")[: ROWS * 2]
    ]
    rows = [row for row in rows if row][:ROWS]
    # The sender's own name is the surest; one in the signature must then agree with nothing.
    email = sender.email if sender else ""
    first, last = split_name(sender.name if sender else "", email)
    if not last:
        names = (split_name(row, email) for row in rows[:3] if not _COMPANY.search(row))
        first, last = next((name for name in names if name[1]), ("", ""))
    return {"first_name": first, "last_name": last, "company_name": _company(rows), "phone": _phone(rows)}


def _end_of(text: str) -> str:
    """What stands below "Mit freundlichen Grüßen" at the end of a text."""
    rows = text.rstrip().split("\n")
    for index in range(len(rows) - 1, max(len(rows) - ROWS, 0) - 1, -1):
        if is_closing(rows[index]):
            return "\n".join(rows[index + 1 :])
    return ""


def split_name(name: str, email: str = "") -> tuple[str, str]:
    """("Anna-Lena", "von der Heide") for a person's name in any usual form; ("", "") for what may be none.

    `email`: the person's address; eva.klein@… says that Klein Eva is Eva Klein. In a directory's notation, which is
    known by "(Extern)" and the like behind it, either may come first: without such an address nothing is plain.
    """
    listed = bool(_LISTED.search(name))
    name = _AFTER_NAME.sub("", _TITLES.sub("", line(name, 100).strip("\"' ,")))
    before, comma, after = name.partition(",")
    if comma:
        # Müller, Hans
        after = _TITLES.sub("", after.strip())
        name = f"{after} {before.strip()}"
    if not _NAME.fullmatch(name) or _NO_NAMES & {word.lower().strip(".") for word in name.split()}:
        return "", ""
    words = name.split()
    order = _order(words, email)
    if order == BACKWARDS and not comma:
        words = [words[1], words[0]]
    elif listed and not comma and order != FORWARDS:
        return "", ""
    if any(word[0].islower() and word.lower() not in _PARTICLES for word in words):
        return "", ""
    if words[0].isupper() and len(words[0]) > 2 and not words[-1].isupper():
        # MÜLLER Hans
        words = [*words[1:], words[0].title()]
    if comma:
        count = len(after.split())
    else:
        count = next((i for i, word in enumerate(words) if i and word.lower() in _PARTICLES), len(words) - 1)
    first, last = " ".join(words[:count]), " ".join(words[count:])
    if name.isupper():
        first, last = first.title(), last.title()
    return first, last


def _order(words: list[str], email: str) -> int:
    """In which order an address names the two words of a name; 0 where it says nothing."""
    named = [plain(part) for part in re.split(r"[._]", email.partition("@")[0])]
    written = [plain(word.lower().translate(_SPELT)) for word in words]
    if len(written) != 2:
        return 0
    return FORWARDS if named == written else BACKWARDS if named == written[::-1] else 0


def _company(rows: list[str]) -> str:
    found = [match[1].strip() for row in rows if (match := _COMPANY.match(row)) and _is_named(match[1])]
    # Two firms in one signature: a group and its daughter, or a partner; not plain.
    names = {plain(name): name for name in found}
    return next(iter(names.values())) if len(names) == 1 else ""


def _is_named(company: str) -> bool:
    """Are these the words of a name, and not of a sentence that has a legal form in it?"""
    words = company.split()
    return len(words) <= 9 and sum(word[0].islower() and word not in _SMALL for word in words) <= len(words) // 4


def _phone(rows: list[str]) -> str:
    """The first telephone number; a mobile one if there is no other; never a fax."""
    mobile = ""
    for row in rows:
        if match := _PHONE.search(row):
            number = phone(match[2].replace("–", "-").replace("(0)", ""))
            if re.fullmatch(_MOBILE_LABEL, match[1], re.IGNORECASE):
                mobile = mobile or number
            else:
                return number
        elif not mobile and (match := _BARE_PHONE.fullmatch(row)):
            mobile = phone(match[1].replace("–", "-").replace("(0)", ""))
    return mobile
