"""Header fields, as programs of thirty years write them."""

import datetime

import pytest
import time_machine

from crm.mail.reading import Address, limits, read
from crm.mail.reading.references import bare_subject, numbers
from tests.mail.reading.mails import mail

UMLAUTS = "Grüße aus Köln: 5 €"


@pytest.mark.parametrize(
    "raw",
    [
        UMLAUTS.encode(),
        UMLAUTS.encode("cp1252"),
        b"=?utf-8?q?Gr=C3=BC=C3=9Fe_aus_K=C3=B6ln=3A_5_=E2=82=AC?=",
        b"=?UTF-8?B?R3LDvMOfZSBhdXMgS8O2bG46IDUg4oKs?=",
        b"=?iso-8859-1?Q?Gr=FC=DFe?= aus =?iso-8859-15?Q?K=F6ln=3A_5_=A4?=",
        # What the name says is wrong, or nothing that anybody knows.
        b"=?us-ascii?q?Gr=C3=BC=C3=9Fe_aus_K=C3=B6ln=3A_5_=E2=82=AC?=",
        b"=?utf-8?q?Gr=FC=DFe_aus_K=F6ln=3A_5_=80?=",
        b"=?x-nonsense?q?Gr=FC=DFe_aus_K=F6ln=3A_5_=80?=",
        # A letter cut between two words, folded, with spaces that do not belong there.
        b"=?utf-8?q?Gr=C3?=\n =?utf-8?q?=BC=C3=9Fe?=\n =?utf-8?q?_aus_K=C3=B6ln=3A 5 =E2=82=AC?=",
        b"=?utf-7?q?Gr+APwA3w-e_aus_K+APY-ln=3A_5_+IKw-?=",
    ],
)
def test_umlauts_are_right_whatever_the_charset_says(raw):
    assert read(mail(Subject=raw)).subject == UMLAUTS


def test_what_is_no_encoded_word_stays():
    assert read(mail(Subject="=?utf-8?x?abc?= 2 =? 3")).subject == "=?utf-8?x?abc?= 2 =? 3"
    assert read(mail(Subject="=?base64?b?QUJD?= =?zlib?q?abc?=")).subject == "ABCabc"


@pytest.mark.parametrize(
    ("raw", "found"),
    [
        ("a@x.example", [("", "a@x.example")]),
        ("Hans Müller <HANS@X.example>", [("Hans Müller", "hans@x.example")]),
        ('"Müller, Hans" <a@x.example>, b@x.example', [("Müller, Hans", "a@x.example"), ("", "b@x.example")]),
        ("Müller, Hans <a@x.example>", [("Müller, Hans", "a@x.example")]),
        ("a@x.example (Hans Müller)", [("Hans Müller", "a@x.example")]),
        ("=?utf-8?q?M=C3=BCller=2C_Hans?= <a@x.example>", [("Müller, Hans", "a@x.example")]),
        ("=?utf-8?q?Hans_=3Ca=40x=2Eexample=3E?=", [("Hans", "a@x.example")]),
        ("Team: a@x.example, b@x.example; c@x.example", [("", f"{n}@x.example") for n in "abc"]),
        ("undisclosed-recipients:;", []),
        ("a@x.example; b@x.example", [("", "a@x.example"), ("", "b@x.example")]),
        ('"Chef \\"Hans\\" Müller" <a@x.example>', [('Chef "Hans" Müller', "a@x.example")]),
        ("a@evil.example <b@x.example>", [("a@evil.example", "b@x.example")]),
        ("<mailto:a@x.example>", [("", "a@x.example")]),
        ("Hans <a@x.example", [("Hans", "a@x.example")]),
        ("a+crm@x.example, A+CRM@x.example", [("", "a+crm@x.example")]),
        ("Hans", []),
        ("<@x>, <a@>, @, <>, a b@", []),
    ],
)
def test_addresses(raw, found):
    assert read(mail(To=raw)).to == tuple(Address(*one) for one in found)


def test_the_sender_is_the_first_with_an_address():
    assert read(mail(From="Hans, a@x.example, b@x.example")).sender.email == "a@x.example"
    assert read(mail(From="Hans", Sender="s@x.example")).sender.email == "s@x.example"
    nobody = read(mail(From=None))
    assert nobody.sender is None
    assert "The mail has no sender's address." in nobody.problems


def test_where_it_was_delivered_to():
    raw = mail(Delivered_To="bcc+x@crm.example", X_Original_To="<alle@crm.example>", Envelope_To="bcc+x@crm.example")
    assert read(raw).delivered_to == ("bcc+x@crm.example", "alle@crm.example")


@pytest.mark.parametrize(
    ("raw", "found"),
    [
        ("Thu, 01 Jan 2026 10:00:00 +0100", "2026-01-01T09:00:00"),
        ("1 Jan 26 10:00 GMT", "2026-01-01T10:00:00"),
        ("Thu, 01 Jan 2026 10:00:00", "2026-01-01T10:00:00"),
        ("2026-01-01T10:00:00+01:00", "2026-01-01T09:00:00"),
        ("Thu, 01 Jan 2026 10:00:61 +0100", "2026-01-01T09:00:59"),
        ("Mon, 01 Jan 1900 00:00:00 +0000", None),
        ("Mon, 01 Jan 2999 00:00:00 +0000", None),
        ("Thu, 05 Feb 2026 00:00:00 +0000", None),
        ("Thu, 32 Foo 2026 25:00:00 +9999", None),
        ("Thu, 01 Jan 2026 10:00:00 +9999999999", None),
        ("gestern", None),
    ],
)
@time_machine.travel("2026-02-02 12:00:00+00:00")
def test_dates(raw, found):
    sent_at = read(mail(Date=raw)).sent_at
    assert (sent_at and sent_at.astimezone(datetime.UTC).replace(tzinfo=None).isoformat()) == found
    assert ("The date of the mail cannot be right." in read(mail(Date=raw)).problems) is (found is None)


def test_identifiers():
    read_ = read(
        mail(
            Message_ID="< a\n b@x > (comment)",
            In_Reply_To="Antwort auf <eins@x> vom 1.1.",
            References=f"<eins@x>\n\t<zwei@x> <eins@x> <{'x' * 300}@x>",
        )
    )
    assert (read_.message_id, read_.in_reply_to, read_.references) == ("<ab@x>", "<eins@x>", ("<eins@x>", "<zwei@x>"))
    assert read(mail(Message_ID="nackt@x")).message_id == "<nackt@x>"
    assert read(mail(Message_ID=None)).message_id == ""


def test_of_a_long_thread_the_first_and_the_latest_are_kept():
    kept = read(mail(References=" ".join(f"<{i}@x>" for i in range(150)))).references
    assert (len(kept), kept[0], kept[1], kept[-1]) == (100, "<0@x>", "<51@x>", "<149@x>")


def test_a_header_that_others_have_broken_is_read_on():
    raw = b"\n\n>From x Thu Jan  1\nSubject: A\nkein Feld\n \n mehr\nFrom: a@x.example\n\nText"
    found = read(raw)
    assert (found.subject, found.sender.email, found.text) == ("A kein Feld mehr", "a@x.example", "Text")
    assert "The header has lines that do not belong there." in found.problems


def test_caps_of_the_header():
    many = read(mail(From=None, To=", ".join(f"a{i}@x.example" for i in range(600))))
    assert (len(many.to), limits.TOO_MANY_ADDRESSES in many.problems) == (limits.ADDRESSES, True)
    long = read(b"Subject: A\nX: " + b"x" * 300_000 + b"\nFrom: a@x.example\n\nText")
    assert (long.subject, long.sender, long.text) == ("A", None, "Text")
    assert limits.LONG_HEADER in long.problems
    full = read(b"X: y\n" * limits.HEADER_FIELDS + b"Subject: A\n\nText")
    assert (full.subject, full.text, limits.LONG_HEADER in full.problems) == ("", "Text", True)
    assert len(read(mail(Subject="x" * 5000)).subject) == limits.SUBJECT


@pytest.mark.parametrize(
    ("subject", "found"),
    [
        ("AW: [OPP-2026-000001] Angebot", ("OPP-2026-000001",)),
        ("re: opp-2026-000001, Tic-2026-1234567 und OPP-2026-000001", ("OPP-2026-000001", "TIC-2026-1234567")),
        ("(TIC-2026-000001)OPP-2026-000002:", ("TIC-2026-000001", "OPP-2026-000002")),
        ("OPP‑2026‑000001.", ("OPP-2026-000001",)),
        ("XOPP-2026-000001 OPP-2026-0000011111 OPP-2026-00001 OPP-26-000001 OPP 2026 000001", ()),
        ("OPP-2026-000001-2 A-OPP-2026-000001 OPP-2026-000001a OPP-2026-000001_x", ()),
        ("[Ticket#2026010110000001] [#123456] TICKET-2026-000001 INC000001", ()),
        ("OPP-\u0662\u0660\u0662\u0666-000001", ()),
    ],
)
def test_numbers_in_subjects(subject, found):
    assert numbers(subject) == found
    assert numbers(read(mail(Subject=subject)).subject) == found


def test_numbers_in_folded_and_encoded_subjects():
    assert numbers(read(mail(Subject="=?utf-8?q?AW=3A_=5BOPP-2026-?=\n =?utf-8?q?000001=5D?=")).subject) == (
        "OPP-2026-000001",
    )


def test_subjects_without_prefixes():
    assert bare_subject("AW: WG: Re[2]: Fwd: RE (3): Antw: Angebot: Teil 1") == "Angebot: Teil 1"
    for subject in ("Reise: nach Köln", "I: Planung, II: Bau", "R: 12 Stück", "Ref: Bestellung 7", "VB: Termin"):
        assert bare_subject(subject) == subject
    assert bare_subject("Re:") == ""
