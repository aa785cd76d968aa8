"""What a target works on: rows, and the context in which names become records."""

import uuid
from collections import Counter
from dataclasses import dataclass, field

from django.db import connection, models
from django.utils import timezone
from django.utils.translation import gettext as _

from crm.accounts.models import User
from crm.accounts.scope import EVERYONE, Action, allows, owners
from crm.imports.models import LINKS, ImportEffect, ImportRun
from crm.imports.values import Bad

CREATED, CHANGED, UNCHANGED = "created", "changed", "unchanged"


@dataclass
class Row:
    """One row of the file: its cleaned `values` by field, what was found for it, and what became of it."""

    number: int
    cells: list[str]
    fingerprint: uuid.UUID
    values: dict = field(default_factory=dict)
    found: dict = field(default_factory=dict)
    reasons: list[str] = field(default_factory=list)
    outcome: str = ""
    note: str = ""
    record: models.Model | None = None

    @property
    def ok(self) -> bool:
        return not self.reasons

    def reject(self, reason: str) -> None:
        """This row is not taken, for this reason (a whole sentence)."""
        self.reasons.append(str(reason))

    def get(self, key: str, default=None):
        return self.values.get(key, default)

    def again(self) -> "Row":
        """The row as it was before it was tried, for another try alone."""
        return Row(self.number, self.cells, self.fingerprint, dict(self.values))


class Context:
    """One attempt at a batch: who imports, what was decided, and what names stand for.

    `dry`: nothing is written, the outcome of each row is only said.
    """

    def __init__(self, run: ImportRun, *, by: User, dry: bool = False):
        self.run, self.by, self.dry = run, by, dry
        self.now = timezone.now()
        self.options = run.mapping.get("options", {})
        self.new_entries: Counter = Counter()
        self.forget()

    def forget(self) -> None:
        """Drop what was looked up and noted: after a rollback some of it does not exist."""
        self._lists: dict = {}
        self._users: dict | None = None
        self.effects: list[ImportEffect] = []
        self._made = 0

    def option(self, key: str, default: str = "") -> str:
        return self.options.get(key, default)

    # ── rights ──────────────────────────────────────────────────────────────────────────────────────
    def may_own(self, area: str, owner) -> bool:
        """May the importing user make records that belong to `owner`?"""
        reach = owners(self.by, area, Action.CREATE)
        return reach is EVERYONE or (owner.pk if owner else None) in reach

    def sees(self, record) -> bool:
        return allows(self.by, Action.VIEW, record)

    def may_change(self, record) -> bool:
        return allows(self.by, Action.CHANGE, record)

    # ── names ───────────────────────────────────────────────────────────────────────────────────────
    def user(self, field, text: str) -> User:
        """The active or former user of this name or e-mail address. Raises Bad."""
        if self._users is None:
            self._users = _by_name_and_address(User.objects.order_by("pk"))
        user = self._users.get(text.casefold())
        if user is None:
            raise Bad(
                _("%(field)s: there is no user with the name or e-mail address “%(text)s”.")
                % {"field": field.name, "text": text}
            )
        return user

    def entry(self, row: Row, field, name: str, **attributes):
        """The entry `name` of a pick-list; made if it is missing and the user decided so. Raises Bad.

        `attributes` narrow the list (the stages of a pipeline) and are given to a new entry, as is what is
        under the key `new`.
        """
        new = attributes.pop("new", {})
        key = (field.model, tuple(sorted((k, getattr(v, "pk", v)) for k, v in attributes.items())))
        if key not in self._lists:
            entries = field.model.objects.filter(**attributes).order_by("pk")
            self._lists[key] = {entry.name.casefold(): entry for entry in entries}
        known = self._lists[key]
        entry = known.get(name.casefold())
        if entry is None:
            entry = known[name.casefold()] = self._new_entry(row, field, name, attributes | new)
        return entry

    def _new_entry(self, row, field, name, attributes):
        may = field.model.objects.visible_to(self.by, Action.CREATE).query.is_empty() is False
        if self.option("missing", "create") != "create" or not may:
            raise Bad(
                _("%(field)s: “%(text)s” is not in the list, and was not to be added.")
                % {"field": field.name, "text": name}
            )
        self.new_entries[(field.name, name)] += 1
        entry = field.model(name=name, **attributes)
        return self.save(row, entry)

    def save(self, row: Row, record):
        """Save one new record and note it; in a dry run it only gets a number that no record has."""
        if self.dry:
            self._made -= 1
            record.pk = self._made
        else:
            record.save(force_insert=True)
            self.made(row, record)
        return record

    def save_all(self, pairs: list[tuple[Row, models.Model]]) -> None:
        """Save the new records of many rows at once and note them."""
        if self.dry:
            for _row, record in pairs:
                self._made -= 1
                record.pk = self._made
            return
        if pairs:
            type(pairs[0][1]).objects.bulk_create([record for _row, record in pairs])
            for row, record in pairs:
                self.made(row, record)

    def folded(self, function: str, texts) -> dict[str, str]:
        """{text: its folded form} by one of the SQL functions crm_fold and crm_company_key."""
        texts = sorted(set(texts))
        if not texts:
            return {}
        if function not in {"crm_fold", "crm_company_key"}:
            raise ValueError(function)
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT v, {function}(v) FROM unnest(%s::text[]) AS t(v)", [texts])  # noqa: S608
            return dict(cursor.fetchall())

    # ── what was done ───────────────────────────────────────────────────────────────────────────────
    def made(self, row: Row, record) -> None:
        """Note that the run made `record`."""
        main = row.record is record
        self.effects.append(
            ImportEffect(
                run=self.run,
                row=row.number,
                record_type=_type_of(record),
                record_id=record.pk,
                fingerprint=row.fingerprint if main else None,
            )
        )

    def changed(self, row: Row, record, before: dict) -> None:
        """Note that the run changed `record`; `before` has the old values by column, `updated_at` among them."""
        if self.dry:
            return
        plain = {key: _json(value) for key, value in before.items()}
        self._touched(row, record, plain)

    def linked(self, row: Row, record, link) -> None:
        """Note that the run added `link`, a row of a table beside `record`, which was there already."""
        self._touched(row, record, {LINKS: [[link._meta.label, link.pk]]})

    def _touched(self, row: Row, record, before: dict) -> None:
        self.effects.append(
            ImportEffect(run=self.run, row=row.number, record_type=_type_of(record), record_id=record.pk, before=before)
        )


def _by_name_and_address(users) -> dict[str, User]:
    """Users by their folded e-mail address, and by their name where it says who is meant.

    It does where one active user has it; of those who are gone, where no active one has it.
    """
    users, called = list(users), {}
    for user in users:
        called.setdefault(user.name.casefold(), []).append(user)
    found: dict[str, User] = {}
    for name, same in called.items():
        meant = [user for user in same if user.is_active] or same
        if name.strip() and len(meant) == 1:
            found[name] = meant[0]
    return found | {user.email.casefold(): user for user in users}


def _type_of(record):
    from django.contrib.contenttypes.models import ContentType

    return ContentType.objects.get_for_model(type(record))


def _json(value):
    return value if value is None or isinstance(value, bool | int | str) else str(value)
