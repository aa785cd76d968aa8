"""Import a file from the command line: the same reading, mapping and engine as in the browser."""

import csv
import io
import sys
from pathlib import Path

from django.core.files import File
from django.core.management.base import BaseCommand, CommandError
from django.utils import translation

from crm.accounts.models import User
from crm.core.refusals import Refused
from crm.imports import actions, engine, mapping, reading, results, targets, undo
from crm.imports.models import ImportRun, ImportStatus


def _pairs(given: list[str], what: str) -> list[tuple[str, str]]:
    pairs = [tuple(text.split("=", 1)) for text in given]
    wrong = [pair for pair in pairs if len(pair) != 2]
    if wrong:
        raise CommandError(f"{what} needs the form left=right, not {wrong[0][0]!r}.")
    return pairs


class Command(BaseCommand):
    help = (
        "Imports companies, persons, inbox items or opportunities from a CSV or XLSX file. "
        "Encoding, delimiter, formats and mapping are detected unless given; docs/imports.md has examples."
    )

    def add_arguments(self, parser):
        parser.add_argument("file", nargs="?", help="CSV or XLSX")
        parser.add_argument("--target", choices=sorted(t.key for t in targets.known()), help="kind of records")
        parser.add_argument("--by", required=True, metavar="E-MAIL", help="the user who imports; his rights count")
        parser.add_argument("--map", action="append", default=[], metavar="COLUMN=FIELD", help="FIELD empty: not taken")
        parser.add_argument(
            "--const", action="append", default=[], metavar="FIELD=TEXT", help="a fixed text; {Column} is filled in"
        )
        parser.add_argument("--option", action="append", default=[], metavar="OPTION=CHOICE")
        parser.add_argument(
            "--format",
            action="append",
            default=[],
            metavar="COLUMN=FORMAT",
            help="dmy, mdy, ymd; or , or . for numbers",
        )
        parser.add_argument(
            "--join",
            action="append",
            default=[],
            metavar="COLUMN=FILE",
            help="adds the columns of the row of FILE with the same COLUMN",
        )
        parser.add_argument("--encoding")
        parser.add_argument("--delimiter", help="one character, or \\t")
        parser.add_argument("--sheet")
        parser.add_argument("--no-header", action="store_true", help="the first row is data")
        parser.add_argument("--only-mapped", action="store_true", help="guess nothing beyond --map and --const")
        parser.add_argument("--dry-run", action="store_true", help="say what would happen, write nothing")
        parser.add_argument("--undo", type=int, metavar="RUN", help="take the import with this number back")
        parser.add_argument("--rejected", metavar="FILE", help="where rejected rows go (default: beside FILE)")

    def handle(self, *args, file=None, **options):
        try:
            user = User.objects.select_related("role").get(email__iexact=options["by"], is_active=True)
        except User.DoesNotExist:
            raise CommandError(f"There is no active user {options['by']}.") from None
        with translation.override(engine.language_of(user)):
            if options["undo"]:
                self._undo(options["undo"], user)
            elif not file or not options["target"]:
                raise CommandError("Say which FILE, and by --target what is in it; or --undo RUN.")
            else:
                self._import(Path(file), user, options)

    # ── there ───────────────────────────────────────────────────────────────────────────────────────
    def _import(self, path: Path, user: User, options: dict) -> None:
        run = self._upload(path, user, options)
        try:
            self._assign(run, user, options)
        except CommandError:
            actions.discard(run=run, by=user)
            raise
        self._describe(run)
        if options["dry_run"]:
            self._preview(run)
            actions.discard(run=run, by=user)
            return
        try:
            run = actions.start(run=run, by=user, wake=False)
        except Refused as refused:
            raise CommandError(str(refused)) from None
        while engine.work(run, progress=self._progress):
            run.refresh_from_db()
        run.refresh_from_db()
        self._summary(run, path, options)

    def _upload(self, path, user, options) -> ImportRun:
        given = {
            "encoding": options["encoding"],
            "delimiter": (options["delimiter"] or "").replace("\\t", "\t"),
            "sheet": options["sheet"],
        }
        if options["no_header"]:
            given["header"] = False
        try:
            with path.open("rb") as source:
                content = self._joined(source, given, options["join"]) if options["join"] else source
                return actions.upload(file=File(content, path.name), target=options["target"], by=user, given=given)
        except OSError as error:
            raise CommandError(f"{path} cannot be read: {error.strerror}.") from None
        except reading.Unreadable as error:
            raise CommandError(str(error)) from None
        except ImportRun.DoesNotExist:
            raise CommandError(f"{user.email} may not create such records.") from None

    def _joined(self, source, given: dict, joins: list[str]) -> io.BytesIO:
        """The file with the columns of other files added to each row, as a CSV file of its own."""
        rows = _records(source, given)
        given.clear()
        for key, name in _pairs(joins, "--join"):
            with Path(name).open("rb") as other:
                table = {row.get(key, ""): row for row in _records(other, {})}
            rows = list(reading.join(rows, table, key))
        columns = list(dict.fromkeys(name for row in rows for name in row))
        text = io.StringIO()
        writer = csv.DictWriter(text, columns, restval="")
        writer.writeheader()
        writer.writerows(rows)
        return io.BytesIO(text.getvalue().encode())

    def _assign(self, run, user, options) -> None:
        names = {column["name"].casefold(): str(index) for index, column in enumerate(run.reading["columns"])}

        def place(name: str) -> str:
            if name.casefold() not in names:
                raise CommandError(f"The file has no column {name!r}. It has: {', '.join(names)}.")
            return names[name.casefold()]

        chosen = mapping.guess(targets.get(run.target), run.reading)
        if options["only_mapped"]:
            chosen["columns"] = {}
        for column, field in _pairs(options["map"], "--map"):
            single = targets.get(run.target).all_fields().get(field)
            if single is not None and single.kind != "long":
                chosen["columns"] = {i: f for i, f in chosen["columns"].items() if f != field}
            chosen["columns"].pop(place(column), None)
            if field:
                chosen["columns"][place(column)] = field
        fixed = dict(_pairs(options["const"], "--const"))
        said = {place(column) for column, _field in _pairs(options["map"], "--map")}
        # What was only guessed gives way to what was said.
        chosen["columns"] = {i: f for i, f in chosen["columns"].items() if i in said or f not in fixed}
        chosen["values"] |= fixed
        known = {option.key: dict(option.choices) for option in targets.get(run.target).options}
        for key, choice in _pairs(options["option"], "--option"):
            if choice not in known.get(key, {}):
                allowed = "; ".join(f"{k}={'|'.join(v)}" for k, v in known.items())
                raise CommandError(f"--option {key}={choice} is not known. There are: {allowed}.")
            chosen["options"][key] = choice
        formats = {place(column): form for column, form in _pairs(options["format"], "--format")}
        run = actions.assign(run=run, chosen=chosen, formats=formats, by=user)
        if run.status != ImportStatus.READY:
            raise CommandError("\n".join(mapping.problems(targets.get(run.target), run.reading, run.mapping)))

    # ── what is said ────────────────────────────────────────────────────────────────────────────────
    def _describe(self, run) -> None:
        run.refresh_from_db()
        read = run.reading
        how = read.get("encoding") or f"XLSX, {read.get('sheet')}"
        self.stdout.write(f"{run.file.name}: {read['total']} rows, {len(read['columns'])} columns ({how})")
        for index, field in sorted(run.mapping["columns"].items(), key=lambda item: int(item[0])):
            column = read["columns"][int(index)]
            form = f" ({column['format']})" if column["format"] else ""
            self.stdout.write(f"  {column['name']}{form} → {field}")
        for field, text in run.mapping["values"].items():
            self.stdout.write(f"  “{text}” → {field}")

    def _preview(self, run) -> None:
        found = engine.preview(run)
        counts = ", ".join(f"{count} {name}" for name, count in found.counts.items())
        more = " (the first rows only)" if found.more else ""
        self.stdout.write(f"Would be, of {found.rows} rows{more}: {counts}")
        for reason, count in found.reasons.items():
            self.stdout.write(f"  {count} × {reason}")

    def _progress(self, run) -> None:
        if sys.stdout.isatty():
            self.stdout.write(f"\r{run.position} of {run.total}", ending="")
            self.stdout.flush()

    def _summary(self, run, path, options) -> None:
        self.stdout.write(
            f"Import {run.pk}: {run.created} created, {run.changed} changed, {run.unchanged} already there, "
            f"{run.rejected} rejected"
        )
        if run.rejected:
            rejected = Path(options["rejected"] or path.with_name(f"{path.stem}.rejected.csv"))
            try:
                with rejected.open("w", encoding="utf-8", newline="") as file:
                    file.writelines(results.rejected_rows(run))
                self.stdout.write(f"The rejected rows with their reasons: {rejected}")
            except OSError as error:
                self.stderr.write(f"{rejected} cannot be written ({error.strerror}); --rejected names another file.")
        if run.status != ImportStatus.DONE:
            raise CommandError(run.error or "The import did not come to its end; a worker goes on with it.")

    # ── and back ────────────────────────────────────────────────────────────────────────────────────
    def _undo(self, number: int, user: User) -> None:
        try:
            run = actions.undo_import(run=ImportRun(pk=number), by=user, wake=False)
        except ImportRun.DoesNotExist:
            raise CommandError(f"There is no import {number}.") from None
        except Refused as refused:
            raise CommandError(str(refused)) from None
        while undo.work(run):
            pass
        run.refresh_from_db()
        kept = run.effects.exclude(kept="")
        self.stdout.write(
            f"Import {run.pk} undone: {run.undone.get('removed', 0)} removed, "
            f"{run.undone.get('restored', 0)} restored, {kept.count()} kept"
        )
        for effect in kept.order_by("row")[:20]:
            self.stdout.write(f"  row {effect.row}: {effect.kept}")


def _records(file, given: dict) -> list[dict]:
    """The rows of a file as {column: text}. Raises Unreadable."""
    read = reading.inspect(file, given)
    names = [column["name"] for column in read["columns"]]
    return [dict(zip(names, cells, strict=False)) for _number, cells in reading.rows(file, read)]
