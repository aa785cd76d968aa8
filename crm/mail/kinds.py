"""The kinds of mail that rooms send, their standard texts and placeholders; and how a text is put together.

A room registers its kinds in AppConfig.ready(). The standard text is a translated message, so that each language has
one; a company that words it differently has a MailTemplate, which wins.
"""

import re
from dataclasses import dataclass

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import override

from crm.core.normalise import line
from crm.mail.models import MailTemplate

PLACEHOLDER = re.compile(r"\{([A-Za-z_]*)\}")


@dataclass(frozen=True)
class Placeholder:
    """`{name}` in a text; `label` says what stands there, `example` is shown in the preview."""

    name: str
    label: str
    example: str


@dataclass(frozen=True)
class Kind:
    """`subject` and `body` are the standard, as lazy translations; `help` says when such a mail is sent."""

    key: str
    label: str
    help: str
    subject: str
    body: str
    placeholders: tuple[Placeholder, ...]

    def standard(self, language: str) -> tuple[str, str]:
        """(subject, body) as they are without a template of the company."""
        with override(language):
            return str(self.subject), str(self.body)

    def examples(self, language: str) -> dict[str, str]:
        with override(language):
            return {p.name: str(p.example) for p in self.placeholders}


_kinds: dict[str, Kind] = {}


def register(kind: Kind) -> None:
    """Offer a kind of mail under Settings; in the order of registration."""
    _kinds[kind.key] = kind


def get(key: str) -> Kind | None:
    return _kinds.get(key)


def all_kinds() -> list[Kind]:
    return list(_kinds.values())


def words(kind: Kind, language: str) -> tuple[str, str]:
    """(subject, body) with their placeholders: the company's wording, else the standard."""
    own = MailTemplate.objects.filter(kind=kind.key, language=language).values_list("subject", "body").first()
    return own or kind.standard(language)


def checked(known: tuple[Placeholder, ...], text: str) -> str:
    """A text as a form keeps it. Raises ValidationError for a placeholder that is not known."""
    text = text.replace("\r\n", "\n")
    if unknown := strange(known, text):
        raise ValidationError(
            _("There is no placeholder {%(name)s} for this mail."), params={"name": unknown[0]}, code="placeholder"
        )
    return text


def strange(known: tuple[Placeholder, ...], text: str) -> list[str]:
    """The placeholders in `text` that are not among the known ones."""
    names = {placeholder.name for placeholder in known}
    return [name for name in dict.fromkeys(PLACEHOLDER.findall(text)) if name not in names]


def fill(text: str, values: dict[str, str]) -> str:
    """`text` with its placeholders replaced, once: what a value contains is never read as a placeholder."""
    filled = PLACEHOLDER.sub(lambda found: str(values.get(found[1], found[0])), text)
    # A placeholder without a value leaves no hole of empty lines behind.
    return re.sub(r"\n{3,}", "\n\n", filled).strip()


def compose(key: str, language: str, values: dict[str, str]) -> tuple[str, str]:
    """(subject, text) of a mail of kind `key`. `values`: by the placeholders' names, already in that language.

    Raises KeyError for a kind that nobody registered.
    """
    kind = _kinds[key]
    subject, body = words(kind, language)
    return line(fill(subject, values))[:250], fill(body, values)
