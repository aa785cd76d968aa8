"""Addresses in headers: people, as careless and as hostile programs write them.

`email.utils.getaddresses` takes "Müller, Hans <h@x.example>" for two people and calls itself once for each bracket.
"""

import re

from crm.mail.reading import limits
from crm.mail.reading.charsets import line
from crm.mail.reading.header import Header, words
from crm.mail.reading.kinds import Address

_TOKEN = re.compile(
    r"""(?P<quoted>"[^"]*")
    |(?P<comment>\((?:[^()\\]|\\.|\([^()]{0,200}\)){0,500}\))
    |(?P<angle><[^<>]{0,1000}>)
    |(?P<comma>[,;])
    |(?P<colon>:)
    |(?P<other>[^"(<,;:]+|.)""",
    re.VERBOSE | re.DOTALL,
)
_BARE = re.compile(r"""(?:"[^"\s@]{1,64}"|[^\s@<>"(),;:\[\]']{1,64})@[^\s@<>"(),;:']{1,255}""")
_LOCAL = re.compile(r"""[^\s<>(),;:"]+|"[^"]+\"""")
_DOMAIN = re.compile(r"""(?=.*\w)[^\s<>(),;:"@]+|\[[\w.:]+\]""")
_QUOTE = "\ue000"  # stands for an escaped quotation mark
FIELD = 100_000  # characters of one field; 500 addresses with long names


def _email(text: str) -> str:
    """The one address in `text`, in lower case; "" for none."""
    text = re.sub(r"\(.*?\)", "", text)
    if text.startswith("@") and ":" in text:
        text = text.rpartition(":")[2]
    text = "".join(text.split()).strip("<>'\"").lower().removeprefix("mailto:")
    local, at, domain = text.rpartition("@")
    if len(text) > limits.ADDRESS or not at or not _LOCAL.fullmatch(local) or not _DOMAIN.fullmatch(domain):
        return ""
    return line(f"{local}@{domain.rstrip('.')}", limits.ADDRESS)


class _Person:
    """What has been read of one person so far."""

    def __init__(self):
        self.words, self.comment, self.email, self.plain = [], "", "", []

    def see(self, kind: str, text: str) -> None:
        if kind == "angle" and not self.email:
            self.email = _email(words(text[1:-1]))
        elif kind == "comment":
            self.comment = self.comment or text[1:-1]
        elif kind == "quoted":
            self.words.append(text[1:-1].replace(_QUOTE, '"'))
            self.plain.append(text)
        else:
            self.words.append(text.replace(_QUOTE, '"'))
            self.plain.append(text)

    def address(self, before: str) -> Address | None:
        """The person, if there is an address; `before` is a name that a comma cut off."""
        name = words("".join(self.words))
        if not self.email:
            match = _BARE.search(words("".join(self.plain)))
            if not match:
                return None
            self.email = _email(match[0])
            name = words("".join(self.plain)).replace(match[0], " ")
        name = line(name, limits.NAME).strip("\"'<> \t")
        name = line(f"{before}, {name}" if before and name else name, limits.NAME)
        name = name or line(words(self.comment), limits.NAME)
        return Address(name="" if name.lower() == self.email else name, email=self.email) if self.email else None


def people(text: str) -> list[Address]:
    """The people in one field, encoded words decoded; what has no address is left out."""
    found, before, person = [], "", _Person()
    # Without backslashes a quoted text is simply what stands between two quotation marks.
    text = re.sub(r"\\(.)", lambda match: _QUOTE if match[1] == '"' else match[1], text[:FIELD])
    for match in [*_TOKEN.finditer(text), None]:
        kind = match.lastgroup if match else "comma"
        if kind == "colon" and not person.email and "@" not in "".join(person.plain):
            # The name of a group.
            person, before = _Person(), ""
        elif kind == "comma":
            address = person.address(before)
            before = "" if address else line(words("".join(person.words)), limits.NAME)
            if address:
                found.append(address)
            person = _Person()
        else:
            person.see(kind, match[0])
    return found


def read(header: Header, budget: limits.Budget, *names: str) -> tuple[Address, ...]:
    """The people in all fields of these names, each address once."""
    found: dict[str, Address] = {}
    for name in names:
        for text in header.all(name):
            # Some programs encode the whole field, the address too.
            for address in people(text) or people(words(text)):
                found.setdefault(address.email, address)
    given = budget.take("addresses", len(found), limits.TOO_MANY_ADDRESSES)
    return tuple(found.values())[:given]
