"""The texts of the interface: collected from code and templates into locale/<language>/LC_MESSAGES/django.po.

Done with Babel instead of Django's makemessages, which needs GNU gettext on the machine. The texts in the code are
English; so English needs no file, and German has one.
"""

from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract
from babel.messages.pofile import read_po, write_po
from django.conf import settings
from django.utils.translation.template import templatize

# Function: which of its arguments is the text ("c": the context, two numbers: singular and plural).
KEYWORDS = {
    name + lazy: arguments
    for lazy in ("", "_lazy")
    for name, arguments in {
        "gettext": None,
        "pgettext": ((1, "c"), 2),
        "ngettext": (1, 2),
        "npgettext": ((1, "c"), 2, 3),
    }.items()
} | {"_": None, "gettext_noop": None}
SKIP = {"node_modules", "migrations", "tests", "staticfiles"}


def sources() -> Iterator[tuple[Path, str]]:
    """Every file that may hold a text, with the text as Python code."""
    for path in sorted(settings.BASE_DIR.rglob("*")):
        parts = path.relative_to(settings.BASE_DIR).parts
        if SKIP & set(parts) or any(part.startswith(".") for part in parts):
            continue
        if path.suffix == ".py":
            yield path, path.read_text()
        elif path.suffix in {".html", ".txt"} and "templates" in parts:
            code = templatize(path.read_text(), origin=str(path))
            yield path, "\n".join(line.strip() for line in code.splitlines())


def collect() -> Catalog:
    """All texts of the interface, untranslated."""
    catalog = Catalog(project="CRM", charset="utf-8", header_comment="# Texts of the CRM.")
    for path, code in sources():
        name = str(path.relative_to(settings.BASE_DIR))
        for _line, text, _comments, context in extract("python", BytesIO(code.encode()), keywords=KEYWORDS):
            catalog.add(text, locations=[(name, None)], context=context)
    return catalog


def path_of(language: str) -> Path:
    return Path(settings.LOCALE_PATHS[0]) / language / "LC_MESSAGES" / "django.po"


def load(language: str) -> Catalog:
    path = path_of(language)
    if not path.exists():
        return Catalog(locale=language, charset="utf-8")
    with path.open("rb") as file:
        return read_po(file, locale=language, charset="utf-8")


def update(language: str) -> tuple[int, list[str]]:
    """Bring the file of a language up to date: new texts in, unused ones out.

    Gives the number of texts, and those that are not translated yet.
    """
    known = load(language)
    known.update(collect(), no_fuzzy_matching=True)
    known.obsolete.clear()
    known.fuzzy = False  # pybabel leaves out a file whose head is marked as unsure
    known.project, known.header_comment = "CRM", "# The texts of the CRM."
    path_of(language).parent.mkdir(parents=True, exist_ok=True)
    with path_of(language).open("wb") as file:
        write_po(file, known, sort_output=True, omit_header=False, width=110)
    return len(known), missing(known)


def missing(catalog: Catalog) -> list[str]:
    """The texts of a catalogue that have no translation, or not for all plural forms."""
    return [
        message.id if isinstance(message.id, str) else message.id[0]
        for message in catalog
        if message.id and (message.fuzzy or not all(message.string if message.pluralizable else [message.string]))
    ]
