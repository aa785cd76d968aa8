"""Which parts of a mail are its text, which its files, and which are mails of their own."""

import re
from dataclasses import dataclass, field

from django.utils.translation import gettext_noop

from crm.mail.reading import html, limits
from crm.mail.reading.charsets import clean, decode
from crm.mail.reading.filetypes import file_name, file_type
from crm.mail.reading.kinds import Attachment
from crm.mail.reading.parts import Part

_TEXTS = {"text/plain", "text/html"}
_CALENDARS = {"text/calendar", "application/ics"}
_MAILS = {"message/rfc822", "message/global"}
_STATUS = {"message/delivery-status", "message/global-delivery-status"}
_CLOSED = {"application/pkcs7-mime", "application/x-pkcs7-mime", "multipart/encrypted"}
_SIGNATURES = {"application/pgp-signature", "application/pkcs7-signature", "application/x-pkcs7-signature"}
_CHARSET = re.compile(rb"charset\s*=\s*[\"']?([\w.:-]{2,40})", re.IGNORECASE)
BYTES_OF_TEXT = limits.TEXT * 4  # base64 and quoted-printable make text longer
CLOSED = gettext_noop("The mail is encrypted or signed in a closed form; its text cannot be read here.")
WINMAIL = gettext_noop("The attachments are in Outlook's own format (winmail.dat) and cannot be opened here.")
FLAT_HTML = gettext_noop("The HTML could not be read; it is shown as text.")


@dataclass(slots=True)
class Block:
    """A piece of the text, in plain form, in HTML, or in both."""

    plain: list[Part] = field(default_factory=list)
    rich: list[Part] = field(default_factory=list)


@dataclass(slots=True)
class Contents:
    """A mail's parts by what they are for. `files`: (part, belongs into the text)."""

    blocks: list[Block] = field(default_factory=list)
    files: list[tuple[Part, bool]] = field(default_factory=list)
    mails: list[Part] = field(default_factory=list)
    calendars: list[Part] = field(default_factory=list)
    status: list[Part] = field(default_factory=list)
    returned: list[Part] = field(default_factory=list)  # mails or headers that a report gives back
    closed: bool = False


def sort(part: Part, found: Contents | None = None, related: bool = False, report: bool = False) -> Contents:
    """The contents of `part`. `related`: its files belong into the text; `report`: its mails are returned ones."""
    found = Contents() if found is None else found
    if part.children:
        found.closed = found.closed or part.kind in _CLOSED
        if part.kind == "multipart/alternative":
            _alternative(part, found, report)
        elif part.kind == "multipart/related":
            first = _root_of(part)
            for child in [first, *(c for c in part.children if c is not first)]:
                sort(child, found, child is not first, report)
        else:
            for child in part.children:
                sort(child, found, related, report or part.kind == "multipart/report")
    elif part.main != "multipart":
        _leaf(part, found, related, report)
    return found


def _root_of(part: Part) -> Part:
    start = part.parameters.get("start", "").strip("<>")
    return next((child for child in part.children if start and child.content_id == start), part.children[0])


def _alternative(part: Part, found: Contents, report: bool) -> None:
    """The same text in several forms: the last plain one and the last with HTML are taken, all files of all."""
    block = Block()
    for child in part.children:
        inner = Contents()
        sort(child, inner, False, report)
        rich = [one for b in inner.blocks for one in (b.rich or b.plain)]
        if any(b.rich for b in inner.blocks):
            block.rich = rich
            plain = [one for b in inner.blocks for one in b.plain]
            block.plain = block.plain or (plain if all(b.plain for b in inner.blocks) else [])
        elif rich:
            block.plain = rich
        for name in ("files", "mails", "calendars", "status", "returned"):
            getattr(found, name).extend(getattr(inner, name))
        found.closed = found.closed or inner.closed
    if block.plain or block.rich:
        found.blocks.append(block)


def _leaf(part: Part, found: Contents, related: bool, report: bool) -> None:
    attached = part.disposition == "attachment"
    if part.kind in _STATUS:
        found.status.append(part)
    elif part.kind in _MAILS:
        (found.returned if report else found.mails).append(part)
    elif part.kind == "text/rfc822-headers":
        found.returned.append(part)
    elif part.kind in _CALENDARS:
        found.calendars.append(part)
        if attached or part.name:
            found.files.append((part, False))
    elif part.kind in _TEXTS and not attached and not _is_named_file(part, found):
        block = Block(plain=[part]) if part.kind == "text/plain" else Block(rich=[part])
        found.blocks.append(block)
    elif not (report and part.kind == "message/disposition-notification"):
        found.closed = found.closed or part.kind in _CLOSED
        found.files.append((part, related or (part.disposition == "inline" and part.main == "image")))


def _is_named_file(part: Part, found: Contents) -> bool:
    """Text with a file's name is a file, unless it is the only text."""
    return bool(part.name) and (part.disposition == "inline" or bool(found.blocks))


def texts(found: Contents, budget: limits.Budget) -> tuple[str, str]:
    """(the whole text, the HTML made safe or ""). Parts whose text was cut become files as well."""
    plain, rich = [], []
    any_html = any(part.kind == "text/html" for block in found.blocks for part in block.rich)
    for block in found.blocks:
        own = "\n".join(_plain(part, found, budget) for part in block.plain)
        converted = []
        for part in block.rich if any_html else []:
            text, safe = _html(part, found, budget) if part.kind == "text/html" else _as_html(part, found, budget)
            converted.append(text)
            rich.append(safe)
        if any_html and not block.rich and own.strip():
            rich.append(html.from_text(own))
        plain.append(own if own.strip() else "\n".join(converted))
    text = "\n".join(one for one in plain if one)
    text = text.strip("\n").rstrip()
    return text[: budget.take("text", len(text), limits.LONG_TEXT)], "\n".join(one for one in rich if one)


def _source(part: Part, found: Contents, budget: limits.Budget, most: int, problem: str) -> str:
    data = part.content(budget, BYTES_OF_TEXT)
    text = decode(data, part.parameters.get("charset", "") or _declared(data, part))
    if part.end - part.start > BYTES_OF_TEXT or len(text) > most:
        budget.note(problem)
        if (part, False) not in found.files:
            found.files.append((part, False))
    return text[:most]


def _declared(data: bytes, part: Part) -> str:
    """The charset that an HTML document names itself."""
    match = _CHARSET.search(data[:2000]) if part.kind == "text/html" else None
    return match[1].decode("ascii") if match else ""


def _plain(part: Part, found: Contents, budget: limits.Budget) -> str:
    return clean(_source(part, found, budget, limits.TEXT, limits.LONG_TEXT))


def _as_html(part: Part, found: Contents, budget: limits.Budget) -> tuple[str, str]:
    """(text, HTML) of a plain part that stands between parts with HTML."""
    text = _plain(part, found, budget)
    return text, html.from_text(text)


def _html(part: Part, found: Contents, budget: limits.Budget) -> tuple[str, str]:
    """(text, safe HTML) of one part."""
    source = _source(part, found, budget, limits.HTML_BYTES, limits.LONG_HTML)
    source = source[: budget.take("html", len(source), limits.LONG_HTML)]
    for name, mark in (("tags", "<"), ("entities", "&")):
        count = source.count(mark)
        given = budget.take(name, count, limits.LONG_HTML)
        if given < count:
            source = mark.join(source.split(mark, given + 1)[: given + 1])
    root = html.parse(source)
    if root is None:
        if source.strip():
            budget.note(FLAT_HTML)
        text = html.without_tags(source)
        return text, html.from_text(text) if text else ""
    return html.text(root), html.cleaned(root)


def attachments(found: Contents, budget: limits.Budget) -> tuple[Attachment, ...]:
    """The files, each with the type that its bytes have."""
    files = []
    for part, inline in found.files:
        content = part.content(budget)
        declared = part.kind
        real = file_type(content, declared)
        if real == "application/ms-tnef":
            budget.note(WINMAIL)
        name = file_name(part.name) or file_name(part.header.text("content-location", limits.NAME))
        files.append(Attachment(name, content, real, declared, part.content_id, inline))
    if found.closed:
        budget.note(CLOSED)
    return tuple(files)
