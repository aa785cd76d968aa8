"""What can be imported: each room registers its kind of record here, from AppConfig.ready().

A target names its fields (with the words by which a column is recognised) and writes a batch of cleaned rows.
A room further up can extend the target of a room below it (the inbox adds the link to its items to the opportunities).
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from django.utils.text import capfirst

from crm.accounts.scope import Action


@dataclass(frozen=True)
class Field:
    """One field that a column can be assigned to.

    `kind`: text, long (several columns are joined), email, phone, website, date, moment, money, number (whole),
    percent, flag, choice (`words`: value → words that mean it), country, pick and picks (entries of the list `model`),
    user, and reference (text that the target resolves itself).
    """

    key: str
    label: str
    kind: str = "text"
    aliases: str = ""  # other words for it, without spaces and accents
    required: bool = False
    limit: int | None = None
    words: dict[str, tuple[str, ...]] = field(default_factory=dict)
    model: type | None = None
    help: str = ""

    @property
    def name(self) -> str:
        """The label as it begins a line."""
        return capfirst(str(self.label))


@dataclass(frozen=True)
class Option:
    """A decision that the user takes for the whole file."""

    key: str
    label: str
    choices: tuple[tuple[str, str], ...]
    default: str
    help: str = ""


@dataclass(frozen=True)
class Extension:
    """What a room further up adds to a target: fields, a step before the rows are written, and one after it."""

    fields: tuple[Field, ...]
    prepare: Callable
    after: Callable
    identity: Callable = lambda row: ()


@dataclass(frozen=True)
class Target:
    """`write(rows, context)` takes rows of crm.imports.batch and says of each what became of it.

    `identity(row)` gives keys by which two rows of one file mean the same record (they are then written in turn).
    """

    key: str
    label: str
    model: type
    area: str
    fields: tuple[Field, ...]
    write: Callable
    options: tuple[Option, ...] = ()
    identity: Callable = lambda row: ()
    list_url: str = ""
    extensions: tuple[Extension, ...] = ()

    def all_fields(self) -> dict[str, Field]:
        """Every field by its key, those of extensions included."""
        found = {f.key: f for f in self.fields}
        for extension in self.extensions:
            found |= {f.key: f for f in extension.fields}
        return found


_targets: dict[str, Target] = {}
_extensions: dict[str, list[Extension]] = {}
# model → function(run, records) -> {pk: reason}: why a record must not be given back its earlier values.
_guards: dict[type, list[Callable]] = {}
# model → function(before, record) called after a record got its earlier values back.
_restored: dict[type, list[Callable]] = {}
# Models that belong to a record and go with it; anything else that points at a record keeps it from being removed.
_belongings: set[str] = set()


def register(target: Target) -> None:
    """Add a kind of record to the import."""
    _targets[target.key] = target


def extend(key: str, extension: Extension) -> None:
    """Add fields of a room further up to a target below it."""
    _extensions.setdefault(key, []).append(extension)


def guard(model: type, function: Callable) -> None:
    """`function(run, records)` gives {pk: reason} for changed records of `model` that an undo has to leave alone."""
    _guards.setdefault(model, []).append(function)


def restored(model: type, function: Callable) -> None:
    """`function(before, record)` puts back what stands beside the columns of `model`, after an undo changed them."""
    _restored.setdefault(model, []).append(function)


def belonging(*labels: str) -> None:
    """Tables ("app.Model") whose rows are part of a record: removed with it, and no reason to keep it."""
    _belongings.update(label.lower() for label in labels)


def guards(model) -> list[Callable]:
    return _guards.get(model, [])


def restorers(model) -> list[Callable]:
    return _restored.get(model, [])


def is_belonging(model) -> bool:
    return model._meta.label_lower in _belongings


def get(key: str) -> Target | None:
    target = _targets.get(key)
    return target and replace(target, extensions=tuple(_extensions.get(key, ())))


def known() -> list[Target]:
    """All targets, in the order of registration."""
    return [get(key) for key in _targets]


def open_to(user) -> list[Target]:
    """The targets whose records `user` may create, in the order of registration."""
    return [target for target in known() if user.may(target.area, Action.CREATE)]
