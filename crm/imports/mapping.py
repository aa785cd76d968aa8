"""Which column goes where: guessed from headers and samples, remembered, and applied to each row.

A mapping is a dictionary that can be kept as JSON: `columns` (number of the column → field), `values` (field → a
constant, or a text with {Header} in it), `options`, `empty` (words that mean nothing), `formats` (number of the
column → the notation that the user chose against the detected one).
"""

import re
import uuid
from hashlib import sha256

from django.utils import translation
from django.utils.translation import gettext as _
from rapidfuzz import fuzz

from crm.accounts.models import User
from crm.core.normalise import plain
from crm.imports import targets, values
from crm.imports.batch import Row
from crm.imports.models import ImportRun
from crm.imports.targets import Target

PLACEHOLDER = re.compile(r"\{([^{}]+)\}")


def _names(field) -> set[str]:
    names = {plain(field.key), *field.aliases.split()}
    for language in ("de", "en"):
        with translation.override(language):
            names.add(plain(str(field.label)))
    return names - {""}


def guess(target: Target, reading: dict) -> dict:
    """The likeliest field of each column: by name, then by a similar name; an ID by its values."""
    fields = target.all_fields()
    words = {key: _names(field) for key, field in fields.items()}
    columns, taken = {}, set()

    def take(index, key):
        columns[str(index)] = key
        if fields[key].kind != "long":
            taken.add(key)

    headers = [plain(column["name"]) for column in reading["columns"]]
    for index, name in enumerate(headers):
        key = next((k for k, names in words.items() if name in names and k not in taken), None)
        if key:
            take(index, key)
    for index, name in enumerate(headers):
        if str(index) in columns or len(name) < 5:
            continue
        scored = [(max(fuzz.ratio(name, word) for word in names), k) for k, names in words.items() if k not in taken]
        score, key = max(scored, default=(0, ""))
        if score >= 90:
            take(index, key)
    for index, column in enumerate(reading["columns"]):
        if str(index) in columns:
            continue
        if column["mails"] and "email" in fields and "email" not in taken:
            take(index, "email")
        elif "external_id" in fields and "external_id" not in taken and column["unique"] and _is_id(column["name"]):
            take(index, "external_id")
    return {
        "columns": columns,
        "values": {},
        "options": {option.key: option.default for option in target.options},
        "empty": list(values.EMPTY_WORDS),
        "formats": {},
    }


def _is_id(name: str) -> bool:
    words = name.replace("_", " ").casefold()
    return bool(re.search(r"(^|[^a-z])(id|nr|no|key|uuid|nummer|number)$", words)) or name.endswith(("ID", "Id"))


def recall(run: ImportRun, user: User) -> None:
    """Give a new run the mapping that `user` chose the last time for such a file, else the likeliest one."""
    run.mapping = remembered(run, user) or guess(targets.get(run.target), run.reading)
    for index, form in run.mapping.get("formats", {}).items():
        run.reading["columns"][int(index)]["format"] = form


def remembered(run: ImportRun, user: User) -> dict | None:
    """What `user` chose the last time for a file with the same columns and the same kind of records."""
    earlier = (
        ImportRun.objects.filter(created_by=user, target=run.target, reading__signature=run.reading["signature"])
        .exclude(pk=run.pk)
        .exclude(mapping={})
        .order_by("-pk")
        .first()
    )
    return earlier.mapping if earlier else None


def problems(target: Target, reading: dict, mapping: dict) -> list[str]:
    """Sentences that say why this mapping cannot be used; none if it can."""
    fields = target.all_fields()
    found, used = [], set()
    for key in mapping["columns"].values():
        field = fields.get(key)
        if field is None:
            found.append(_("There is no field “%(field)s”.") % {"field": key})
        elif key in used and field.kind != "long":
            found.append(_("%(field)s is assigned to two columns.") % {"field": field.name})
        used.add(key)
    names = {column["name"].casefold() for column in reading["columns"]}
    for key, text in mapping["values"].items():
        field = fields.get(key)
        if field is None:
            found.append(_("There is no field “%(field)s”.") % {"field": key})
            continue
        used.add(key)
        holes = PLACEHOLDER.findall(text)
        found += [
            _("%(field)s: the file has no column “%(column)s”.") % {"field": field.name, "column": hole}
            for hole in holes
            if hole.strip().casefold() not in names
        ]
        if not holes:
            try:
                values.read(field, text)
            except values.Bad as bad:
                found.append(str(bad))
    needed = [field.name for field in fields.values() if field.required and field.key not in used]
    found += [_("%(field)s needs a column or a fixed value.") % {"field": label} for label in needed]
    if not used:
        found.append(_("Assign at least one column."))
    return list(dict.fromkeys(found))


class Plan:
    """A mapping made ready: `row(number, cells)` gives a cleaned row."""

    def __init__(self, target: Target, reading: dict, mapping: dict):
        self.target, self.reading = target, reading
        fields = target.all_fields()
        self.columns = [column["name"] for column in reading["columns"]]
        self.places = {name.casefold(): index for index, name in enumerate(self.columns)}
        self.formats = [column["format"] for column in reading["columns"]]
        self.empty = {word.casefold() for word in mapping.get("empty", values.EMPTY_WORDS)}
        self.sources: dict[str, list[int]] = {}
        for index, key in sorted(mapping["columns"].items(), key=lambda item: int(item[0])):
            self.sources.setdefault(key, []).append(int(index))
        self.texts = dict(mapping["values"])
        self.fields = [fields[key] for key in dict.fromkeys([*self.sources, *self.texts])]
        self.salt = f"{target.key}\x1f{reading['signature']}\x1f"

    def row(self, number: int, cells: list[str]) -> Row:
        """The row with its values read; what could not be read stands in its reasons."""
        digest = sha256((self.salt + "\x1f".join(cells)).encode()).digest()
        row = Row(number=number, cells=cells, fingerprint=uuid.UUID(bytes=digest[:16]))
        if any(cells[len(self.columns) :]):
            row.reject(
                _("The row has %(cells)s cells, but the header only %(columns)s.")
                % {"cells": len(cells), "columns": len(self.columns)}
            )
            return row
        for field in self.fields:
            text, form = self._text(field, cells)
            if text:
                try:
                    row.values[field.key] = values.read(field, text, form)
                except values.Bad as bad:
                    row.reject(str(bad))
            elif field.required:
                row.reject(_("%(field)s is missing.") % {"field": field.name})
        return row

    def _cell(self, cells, index: int) -> str:
        text = cells[index]
        return "" if text.casefold() in self.empty else text

    def _text(self, field, cells) -> tuple[str, str]:
        """The text for a field and the form of its column; a fixed value stands in where the column is empty."""
        found = [(index, self._cell(cells, index)) for index in self.sources.get(field.key, ())]
        filled = [(index, text) for index, text in found if text]
        if field.kind == "long" and len(found) > 1:
            text = "\n".join(f"{self.columns[index]}: {text}" for index, text in filled)
            if text:
                return text, ""
        elif filled:
            return filled[0][1], self.formats[filled[0][0]]
        return self._fill(self.texts.get(field.key, ""), cells)

    def _fill(self, text: str, cells) -> tuple[str, str]:
        holes = PLACEHOLDER.findall(text)
        if not holes:
            return text, ""
        indexes = [self.places[hole.strip().casefold()] for hole in holes]
        if not any(self._cell(cells, index) for index in indexes):
            return "", ""
        filled = PLACEHOLDER.sub(lambda hole: self._cell(cells, self.places[hole[1].strip().casefold()]), text)
        return filled.strip(), self.formats[indexes[0]] if len(indexes) == 1 else ""
