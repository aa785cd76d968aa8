"""Numbers of our records in subjects, and subjects without what mail programs put before them."""

import re

# Nothing of a word or number before or after it: XTIC-2026-000001, TIC-2026-0000012-3 and OPP-20261-000001 are others'.
_NUMBER = re.compile(r"(?<![\w-])(OPP|TIC)-(\d{4})-(\d{6,9})(?![\w-]|[.,]\d)", re.IGNORECASE | re.ASCII)
# Re, AW, Antw, SV, VS, Odp, RIF, RES answer; Fwd, WG, TR, RV, Doorst, ENC pass on. Also Re[2]: and RE (3):
# Not I, R, Ref, VB, which begin Italian and Swedish answers, and German subjects that mean something by them.
_PREFIX = re.compile(
    r"\s*(re|aw|antw(ort)?|sv|vs|odp|rif|res|fwd?|wg|wtr|tr|rv|doorst|enc)\s*([\[(]\d{1,3}[\])])?\s*[:：]\s*",
    re.IGNORECASE,
)
_HYPHENS = str.maketrans(dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2212\ufe63\uff0d", "-"))


def numbers(subject: str) -> tuple[str, ...]:
    """All numbers of ours in a decoded subject, in upper case, in their order, each once."""
    found = [f"{kind.upper()}-{year}-{count}" for kind, year, count in _NUMBER.findall(subject.translate(_HYPHENS))]
    return tuple(dict.fromkeys(found))


def bare_subject(subject: str) -> str:
    """A subject without Re:, AW:, WG:, Fwd: and the like at its beginning, however many."""
    at = 0
    while match := _PREFIX.match(subject, at):
        at = match.end()
    return subject[at:].strip()
