"""Mails for the tests, and the way they go: into the journal, and out of it."""

from email.message import EmailMessage

from crm.mail import journal, sorting
from crm.mail.models import IncomingMail, Route


def mail(sender="kunde@hoefle.example", to="crm@example.com", subject="Frage", text="Guten Tag", **headers) -> bytes:
    """The bytes of a mail; headers by name with _ for - (In_Reply_To="<…>")."""
    made = EmailMessage()
    made["From"], made["To"], made["Subject"] = sender, to, subject
    made["Date"] = "Mon, 23 Nov 2026 12:00:00 +0100"
    made["Message-ID"] = headers.pop("Message_ID", f"<{abs(hash((sender, subject, text)))}@hoefle.example>")
    for name, value in headers.items():
        made[name.replace("_", "-")] = value
    made.set_content(text)
    return bytes(made)


def take_in(raw: bytes, **envelope) -> IncomingMail:
    """Store it and settle it, as a worker would."""
    row, _new = journal.store(raw, route=Route.PIPE, **envelope)
    sorting.sort(row.pk)
    row.refresh_from_db()
    return row
