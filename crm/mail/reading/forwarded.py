"""Who wrote a mail that somebody forwards within the text."""

import re

from crm.mail.reading import reply
from crm.mail.reading.addresses import people
from crm.mail.reading.kinds import Address

_SUBJECT = re.compile(r"\s*(fwd?|wg|tr|rv|i|doorst|vb|enc)\s*[:：]", re.IGNORECASE)
MOST = 10  # forwards of forwards


def original_senders(text: str, subject: str) -> tuple[Address, ...]:
    """The senders of the mails forwarded in `text`, the outermost first.

    Only where it is plain: a line that says "forwarded", or a subject that does and lines From:, Date:, Subject:.
    A mail that is merely quoted in an answer is no forward.
    """
    rows = text.split("\n")
    found = reply.headings(rows, MOST)
    if not found or not (_SUBJECT.match(subject) or any(heading.forward for heading in found)):
        return ()
    senders: dict[str, Address] = {}
    for heading in found:
        for row in rows[heading.start : heading.end]:
            field = reply.field_at(row)
            if field and field[0] == "from":
                # Outlook writes "Hans [mailto:h@x.example]", and Markdown "*Hans* <h@x.example>".
                value = re.sub(r"\[(?:mailto:)?([^\]\s]+@[^\]\s]+)\]", r"<\1>", field[1].replace("*", ""))
                value = re.sub(r"<mailto:[^<>]*>(?=>)", "", value)
                for address in people(value)[:1]:
                    senders.setdefault(address.email, address)
    return tuple(senders.values())
