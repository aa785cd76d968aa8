"""What a file is, from its content and not from its name. It is somebody else's: it is checked before it is parsed."""

import io
import zipfile

from django.utils.translation import gettext as _

from crm.core import show

MAX_BYTES = 50 * 1024 * 1024

# XLSX is a ZIP of XML: what a bomb would inflate is known from its directory before anything is unpacked.
ZIP_ENTRIES = 2_000
ZIP_TOTAL = 800 * 1024 * 1024
ZIP_STRINGS = 150 * 1024 * 1024  # the table of texts is kept in memory
ZIP_PART = 20 * 1024 * 1024  # parts that are parsed as a whole
ZIP_RATIO = 250

SIGNATURES = [
    (b"\x89PNG", "picture"),
    (b"\xff\xd8\xff", "picture"),
    (b"GIF8", "picture"),
    (b"BM", "picture"),
    (b"RIFF", "picture"),
    (b"%PDF", "pdf"),
    (b"\xd0\xcf\x11\xe0", "ole"),
    (b"\x1f\x8b", "archive"),
    (b"7z\xbc\xaf", "archive"),
    (b"Rar!", "archive"),
]


class Unreadable(Exception):
    """The file cannot be taken. The message is a whole, translated sentence for the user."""


def _refuse_other_kinds(head: bytes) -> None:
    kind = next((kind for magic, kind in SIGNATURES if head.startswith(magic)), None)
    # A table may begin with these letters as well (BMW, RIFF); a picture has zeros among its bytes.
    if kind == "picture" and b"\0" in head:
        raise Unreadable(_("This file is a picture, not a table. Choose a CSV or Excel file (.xlsx)."))
    if kind == "pdf":
        raise Unreadable(_("This file is a PDF, not a table. Choose a CSV or Excel file (.xlsx)."))
    if kind == "ole":
        raise Unreadable(
            _("This file is an old Excel file (.xls), or protected with a password. Save it as .xlsx or CSV.")
        )
    if kind == "archive":
        raise Unreadable(_("This file is an archive. Unpack it, and choose the CSV or Excel file (.xlsx) in it."))


def size_of(file) -> int:
    """In bytes; the file is at its beginning afterwards."""
    file.seek(0, io.SEEK_END)
    size = file.tell()
    file.seek(0)
    return size


def kind_of(file) -> str:
    """ "csv" or "xlsx", from the content and not from the name. Raises Unreadable."""
    size = size_of(file)
    head = file.read(4096)
    file.seek(0)
    if size == 0 or (size < 4096 and not head.strip(b"\0\t\r\n \xef\xbb\xbf\xff\xfe")):
        raise Unreadable(_("The file is empty."))
    if size > MAX_BYTES:
        raise Unreadable(
            _("The file has %(size)s MB; up to %(limit)s MB can be imported. Split it into several files.")
            % {"size": show.number(size / 1024 / 1024, 1), "limit": MAX_BYTES // 1024 // 1024}
        )
    if head.startswith(b"PK\x03\x04"):
        _check_zip(file)
        return "xlsx"
    _refuse_other_kinds(head)
    return "csv"


def _check_zip(file) -> None:
    """Refuse a bomb before anything of it is unpacked."""
    damaged = Unreadable(_("This Excel file is damaged and cannot be read. Save it anew, or as CSV."))
    try:
        with zipfile.ZipFile(file) as archive:
            entries = archive.infolist()
            names = {entry.filename for entry in entries}
            if "xl/workbook.xml" not in names:
                raise Unreadable(
                    _("This file is an archive. Unpack it, and choose the CSV or Excel file (.xlsx) in it.")
                )
            strings = "xl/sharedStrings.xml"
            whole = [e for e in entries if not e.filename.startswith(("xl/worksheets/", "xl/media/", strings))]
            bomb = (
                len(entries) > ZIP_ENTRIES
                or len(names) != len(entries)
                or sum(e.file_size for e in entries) > ZIP_TOTAL
                or any(e.file_size > ZIP_PART for e in whole)
                or any(e.file_size > ZIP_STRINGS for e in entries if e.filename == strings)
                or any(e.file_size > 1024 * 1024 and e.file_size > ZIP_RATIO * e.compress_size for e in entries)
            )
            if bomb:
                raise Unreadable(_("This Excel file unpacks to far more than an ordinary file would. It was not read."))
            for entry in entries:
                if entry.flag_bits & 1:
                    raise damaged
                if entry.filename.endswith((".xml", ".rels")):
                    with archive.open(entry) as part:
                        if b"<!DOCTYPE" in part.read(4096):
                            raise damaged
    except (zipfile.BadZipFile, NotImplementedError, EOFError, OSError, ValueError, zipfile.zlib.error) as error:
        raise damaged from error
    finally:
        file.seek(0)
