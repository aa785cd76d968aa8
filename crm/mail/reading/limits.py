"""How much of one mail is read. A mail may hold anything: what lies beyond is left out and said, never an error."""

from django.utils.translation import gettext_noop

MAIL_BYTES = 50 * 1024 * 1024  # more than any server passes on; the whole of it is in memory once, and once decoded
HEADER_BYTES = 256 * 1024  # real headers have up to 100 kB (signatures of many relays, hundreds of recipients)
HEADER_FIELDS = 1_000  # real mails have about 100
ADDRESSES = 500  # in all fields together; each is looked up among the contacts
NAME = 200  # characters of a person's or file's name
ADDRESS = 254  # characters of an address that can be delivered to (RFC 5321)
SUBJECT = 1_000  # characters; a subject is one line, and shown as one
ID = 250  # characters of a Message-ID with its brackets; longer ones exist in hostile mails only
REFERENCES = 100  # the first and the latest ones: a long thread is found by any of them
DEPTH = 30  # multiparts in multiparts; mailing lists and forwards make up to 20
PARTS = 1_000  # in all levels together; a digest has some hundred
TEXT = 1_000_000  # characters that are kept for reading and searching; the whole is in the journal
HTML_BYTES = 2 * 1024 * 1024  # of HTML that is cleaned; newsletters have up to 500 kB
HTML_TAGS = 50_000  # each tag costs about ten microseconds
HTML_ENTITIES = 50_000  # &amp; and the like; nh3 takes quadratic time for many in one text
CALENDAR_BYTES = 256 * 1024  # a single invitation, with its attendees
ATTENDEES = 200
NOTED = 20  # problems that are kept, each once

TOO_MANY_PARTS = gettext_noop("The mail has too many parts; some were not read.")
TOO_DEEP = gettext_noop("The mail is nested too deeply; its innermost parts were not read.")
TOO_MANY_ADDRESSES = gettext_noop("The mail has too many addresses; some were left out.")
LONG_HEADER = gettext_noop("The header is too long; its end was not read.")
LONG_TEXT = gettext_noop("The text is too long; its end was left out.")
LONG_HTML = gettext_noop("The HTML is too long; its end was left out.")


class Budget:
    """What may still be read of one mail and all mails in it, and the problems met on the way."""

    def __init__(self):
        self.parts, self.addresses, self.text = PARTS, ADDRESSES, TEXT
        self.html, self.tags, self.entities = HTML_BYTES, HTML_TAGS, HTML_ENTITIES
        self.problems: list[str] = []

    def note(self, problem: str) -> None:
        """Keep an English sentence (a msgid) about what was not as it should be."""
        if problem not in self.problems and len(self.problems) < NOTED:
            self.problems.append(problem)

    def take(self, name: str, wanted: int, problem: str) -> int:
        """How many of `wanted` may be had of `name` ("parts", "text", …); `problem` is noted if not all."""
        left = getattr(self, name)
        given = min(left, wanted)
        if given < wanted:
            self.note(problem)
        setattr(self, name, left - given)
        return given
