"""`manage.py ingest_mail`: mails from a file, a folder, an mbox or standard input into the journal."""

import mailbox
import sys
from collections.abc import Iterator
from pathlib import Path

from django.core.management.base import BaseCommand, CommandError

from crm.mail import journal, sorting
from crm.mail.models import Route


def mails(path: Path) -> Iterator[bytes]:
    """The mails at `path`, byte for byte; a folder with all that is below it, in the order of names."""
    if path.is_dir():
        for file in sorted(p for p in path.rglob("*") if p.is_file()):
            yield from mails(file)
    elif path.read_bytes()[:5] == b"From ":
        box = mailbox.mbox(path, create=False)
        yield from (box.get_bytes(key) for key in box.iterkeys())
    else:
        yield path.read_bytes()


class Command(BaseCommand):
    help = "Take in mails: a file, a folder, an mbox (a file that begins with “From ”), or standard input (-)."

    def add_arguments(self, parser):
        parser.add_argument("paths", nargs="*", default=["-"], help="files and folders; - or nothing: standard input")
        parser.add_argument("--now", action="store_true", help="process at once, without a worker")

    def handle(self, *args, paths, now, verbosity, **options):
        """Ends with code 0 only after all of it is stored: a mail server may call this as its delivery command."""
        stored = known = 0
        for raw in self._read(paths):
            row, new = journal.store(raw, route=Route.PIPE)
            stored, known = stored + new, known + (not new)
            if now:
                sorting.sort(row.pk)
        if verbosity:
            self.stdout.write(f"{stored} stored, {known} known already")

    def _read(self, paths: list[str]) -> Iterator[bytes]:
        for name in paths:
            if name == "-":
                yield sys.stdin.buffer.read()
            elif Path(name).exists():
                yield from mails(Path(name))
            else:
                raise CommandError(f"There is no {name}.")
