"""Small mails, written here."""

from crm.mail.reading import Mail, read

HEAD = {
    "From": "Hans Müller <hans@hoefle.example>",
    "To": "vertrieb@crm.example",
    "Subject": "Angebot",
    "Date": "Thu, 01 Jan 2026 10:00:00 +0100",
    "Message-ID": "<eins@hoefle.example>",
}


def mail(body="Guten Tag", **fields) -> bytes:
    """A mail as bytes. `Content_Type="…"` sets or replaces a field, None leaves it out; text becomes UTF-8."""
    head = HEAD | {name.replace("_", "-"): value for name, value in fields.items()}
    lines = [
        name.encode() + b": " + (value if isinstance(value, bytes) else value.encode())
        for name, value in head.items()
        if value is not None
    ]
    return b"\n".join([*lines, b"", body if isinstance(body, bytes) else body.encode()])


def multipart(*parts, kind="mixed", boundary="grenze", **fields) -> bytes:
    """A mail of parts; each a text that begins with its own header."""
    pieces = [p if isinstance(p, bytes) else p.encode() for p in parts]
    mark = b"--" + boundary.encode()
    body = b"".join(mark + b"\n" + piece + b"\n" for piece in pieces) + mark + b"--\n"
    return mail(body, Content_Type=f'multipart/{kind}; boundary="{boundary}"', **fields)


def html(text: str) -> Mail:
    return read(mail(text, Content_Type="text/html; charset=utf-8"))


def strings(value) -> list[str]:
    """All texts in a mail, however deep."""
    if isinstance(value, str):
        return [value]
    if isinstance(value, tuple):
        return [text for one in value for text in strings(one)]
    if hasattr(value, "__slots__") and not isinstance(value, bytes):
        return [text for name in value.__slots__ for text in strings(getattr(value, name))]
    return []
