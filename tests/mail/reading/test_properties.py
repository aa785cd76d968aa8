"""Any bytes: a mail, or Unreadable. And whatever comes out can be stored."""

import datetime
import random
import re

from hypothesis import given, settings
from hypothesis import strategies as st

from crm.mail.reading import Attachment, Mail, Unreadable, automatic, inline_pictures, limits, read, with_pictures
from crm.mail.reading.contact import from_signature
from crm.mail.reading.references import numbers
from tests.mail.reading.mails import HEAD, mail, multipart, strings
from tests.mail.reading.test_automatic import RETURNED, STATUS
from tests.mail.reading.test_body import EVENT, PNG
from tests.mail.reading.test_html import PAYLOADS, complaints
from tests.mail.reading.test_reply import OLD, SIGNATURE

# NUL, and halves of letters: neither can be in a text of PostgreSQL.
UNSTORABLE = re.compile("[\0\ud800-\udfff]")
MARKUP = "<p>Hallo<blockquote type=cite>alt</blockquote>" + "".join(PAYLOADS[:60])
SEEDS = [
    mail(f"Ja.\n\nMit freundlichen Grüßen\n{SIGNATURE}\n\nAm 1.1.2026 um 10:00 schrieb Eva <e@x.example>:\n> {OLD}"),
    mail(MARKUP, Content_Type="text/html; charset=utf-8"),
    multipart(
        "\nHallo",
        b"Content-Type: image/png; name*=utf-8''%C3%BC.png\n\n" + PNG,
        f"Content-Type: text/calendar\n\n{EVENT}",
    ),
    multipart("\nLeider", STATUS, RETURNED, kind="report; report-type=delivery-status"),
    multipart("\nAnbei", b"Content-Type: message/rfc822\n\n" + multipart("\nInnen", boundary="b2"), Subject="WG: x"),
    mail(
        "Gr=C3=BC=C3=9Fe", Subject="=?utf-8?q?Gr=C3=BC?= OPP-2026-000001", Content_Transfer_Encoding="quoted-printable"
    ),
    mail("R3LDvMOfZQ==", Content_Type="text/plain; charset=utf-16", Content_Transfer_Encoding="base64"),
]
PIECES = [
    b"\0", b"\xff", b"\xed\xa0\x80", b"\r", b"\r\n\r\n", b"\n--grenze\n", b"\n--grenze--\n", b"=?utf-8?b?////?=",
    b"=?utf-16?b?2AA=?=", b"Content-Type: multipart/mixed; boundary=grenze\n", b"Content-Transfer-Encoding: base64\n",
    b"charset=utf-7", b"charset=utf-32", b"charset=punycode", b"+2AA-", b"&#xD800;", b"&#0;", b"<", b">", b'"', b"(",
    b"\\", b";", b":", b"<!--", b"\n> ", b"\n-- \n", b"Date: 99 Jan 99999 99:99:99 +9999\n", b"\nVon: \n",
    b"*0*=", b"%ZZ", b"BEGIN:VEVENT\n", b"DTSTART:00010101T000000\n", b"begin 644 x\n", "\u202e\ufeffſ".encode(),
    b" " * 70,
]  # fmt: skip


def mutated(raw: bytes, seed: int) -> bytes:
    """`raw` with some of its bytes changed, cut, doubled, moved, or mixed with pieces that break readers."""
    dice, data = random.Random(seed), bytearray(raw)
    for _change in range(dice.randint(1, 12)):
        at = dice.randrange(len(data) + 1)
        length = dice.choice([1, 1, 2, 10, 100])
        match dice.randrange(6):
            case 0:
                data[at : at + length] = b""
            case 1:
                data[at:at] = data[at : at + length]
            case 2:
                data[at : at + 1] = bytes([dice.randrange(256)])
            case 3:
                data[at:at] = dice.choice(PIECES)
            case 4:
                data[at : at + length] = dice.choice(PIECES)
            case _:
                data[at:at] = dice.choice(SEEDS)[dice.randrange(200) :][: length * 5]
    return bytes(data)


def check(raw: bytes) -> Mail | None:
    """Reads, and holds what is promised. None for what is no mail."""
    try:
        found = read(raw)
    except Unreadable:
        return None
    for text in strings(found):
        assert not UNSTORABLE.search(text), text
    assert found.sent_at is None or found.sent_at.tzinfo
    assert found.invitation is None or all(
        moment is None or moment.tzinfo == datetime.UTC
        for moment in (found.invitation.starts_at, found.invitation.ends_at)
    )
    assert all(len(one) <= limits.ID for one in (found.message_id, found.in_reply_to, *found.references))
    assert all(address.email for address in (*found.to, *found.cc, *found.reply_to, *found.original_senders))
    assert len(found.text) <= limits.TEXT
    assert found.automatic in ("", *automatic.REASONS)
    assert complaints(found.html) == []
    assert not UNSTORABLE.search(inline_pictures(with_pictures(found.html), {}))
    assert all(isinstance(one, Attachment) and "/" not in one.name for one in found.attachments)
    numbers(found.subject)
    assert all(isinstance(value, str) for value in from_signature(found.reply, found.signature, found.sender).values())
    return found


@settings(max_examples=600, deadline=None)
@given(st.sampled_from(SEEDS), st.integers(0, 2**32))
def test_mutated_mails(raw, seed):
    check(mutated(raw, seed))


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=400))
def test_any_bytes(raw):
    check(raw)
    check(b"Subject: " + raw + b"\n\n" + raw)
    check(mail(raw, Content_Type="text/html"))


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=200), st.sampled_from(sorted(HEAD)), st.sampled_from(["utf-8", "utf-16", "utf-7", "cp1252"]))
def test_any_text_in_any_field(text, field, charset):
    check(mail(text, **{field.replace("-", "_"): text.encode("utf-8", errors="replace")}))
    check(mail(text.encode(charset, errors="replace"), Content_Type=f"text/plain; charset={charset}"))


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(SEEDS), st.integers(0, 2**32))
def test_the_way_makes_no_other_fingerprint(raw, seed):
    raw = mutated(raw, seed).replace(b"\r", b"")
    found = check(raw)
    if found and raw[:1] not in (b"\n", b" ", b"\t") and not raw.startswith((b"From ", b">From ")):
        way = b"Return-Path: <x@y>\r\nReceived: by z\r\n  for w\r\n"
        assert read(way + raw.replace(b"\n", b"\r\n") + b"\r\n").fingerprint == found.fingerprint or not found.subject
