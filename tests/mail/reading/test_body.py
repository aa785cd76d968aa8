"""Which part is what: texts, files, mails in mails, invitations; and how much of them."""

import base64
import datetime

import pytest

from crm.mail.reading import Address, Unreadable, limits, read
from tests.mail.reading.mails import mail, multipart

PNG = b"\x89PNG\r\n\x1a\n" + b"\0\0\0\rIHDR" + bytes(30)
PDF = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n"


def b64(content: bytes) -> bytes:
    return b"Content-Transfer-Encoding: base64\n\n" + base64.encodebytes(content)


@pytest.mark.parametrize("raw", [b"", b"\n\n  \r\n", b"\0\0\0"])
def test_nothing_is_no_mail(raw):
    with pytest.raises(Unreadable, match="empty"):
        read(raw)


def test_more_than_the_cap_is_refused(monkeypatch):
    monkeypatch.setattr(limits, "MAIL_BYTES", 1000)
    assert read(mail("x" * 500)).text
    with pytest.raises(Unreadable, match="50 MB"):
        read(mail("x" * 1000))


@pytest.mark.parametrize(
    ("declared", "actual"),
    [
        ("utf-8", "utf-8"),
        ("us-ascii", "utf-8"),
        ("iso-8859-1", "utf-8"),
        ("utf-8", "cp1252"),
        ("iso-8859-1", "cp1252"),
        ("us-ascii", "cp1252"),
        ("x-gibt-es-nicht", "cp1252"),
        ("", "cp1252"),
        ("", "utf-8"),
        ("utf-7", "utf-7"),
        ("utf-16", "utf-16"),
        ("iso-8859-15", "iso-8859-15"),
        ("zlib", "utf-8"),
    ],
)
def test_umlauts_in_the_text(declared, actual):
    text = "Schöne Grüße aus Köln, für 5 €"
    raw = mail(text.encode(actual), Content_Type=f"text/plain; charset={declared}" if declared else "text/plain")
    assert read(raw).text == text


@pytest.mark.parametrize(
    ("charset", "text"),
    [
        ("shift_jis", "日本語のテキスト"),
        ("koi8-r", "Привет"),
        ("gb2312", "你好，世界"),
        ("ks_c_5601-1987", "안녕하세요"),
    ],
)
def test_other_alphabets(charset, text):
    python = "cp949" if charset.startswith("ks") else charset
    assert read(mail(text.encode(python), Content_Type=f"text/plain; charset={charset}")).text == text


@pytest.mark.parametrize("charset", ["gb2312", "gbk", "shift_jis", "euc-kr", "ks_c_5601-1987", "ks_c_5601", "big5"])
@pytest.mark.parametrize("text", ["Grüße aus Köln", "für", "Привет, как дела", "你好，世界"])
def test_utf8_that_is_declared_as_east_asian(charset, text):
    assert read(mail(text.encode(), Content_Type=f"text/plain; charset={charset}")).text == text


@pytest.mark.parametrize(
    ("charset", "text"), [("gb2312", "A座测试"), ("gb2312", "冒"), ("euc-kr", "서울"), ("cp932", "東京")]
)
def test_a_few_east_asian_letters(charset, text):
    assert read(mail(text.encode(charset), Content_Type=f"text/plain; charset={charset}")).text == text


def test_an_alphabet_that_nothing_declares():
    text = "Здравствуйте, посылаем вам наше предложение на этот год. Мы ждём вашего ответа."
    assert read(mail(text.encode("cp1251"), Content_Type="text/plain")).text == text


def test_broken_letters_cost_only_themselves():
    raw = mail("Grüße aus Köln".encode() + b"\xff und \xc3", Content_Type="text/plain; charset=utf-8")
    assert read(raw).text == "Grüße aus Köln\ufffd und \ufffd"


def test_transfer_encodings():
    assert read(mail("Gr=C3=BC=\n=C3=9Fe", Content_Transfer_Encoding='"Quoted-Printable"')).text == "Grüße"
    assert read(mail("R3LDvMOf\n ZQ==", Content_Transfer_Encoding="BASE64")).text == "Grüße"
    assert read(mail("QQ==QUJD\nQg==", Content_Transfer_Encoding="base64")).text == "AABCB"
    assert read(mail("begin 644 x\n#04)#\n`\nend", Content_Transfer_Encoding="x-uuencode")).text == "ABC"
    many = "".join(base64.b64encode(bytes([n])).decode() for n in range(65, 75)) + "QUJD" * 100
    assert read(mail(many, Content_Transfer_Encoding="base64")).text == "ABCDEFGHIJ" + "ABC" * 100
    odd = read(mail("Guten Tag", Content_Transfer_Encoding="8-bit-irgendwas"))
    assert (odd.text, odd.problems) == ("Guten Tag", ())
    damaged = read(mail("QUJDQ!", Content_Transfer_Encoding="base64"))
    assert read(mail("QUJ\nDQQ", Content_Transfer_Encoding="base64")).text == "ABCA"
    assert (damaged.text, damaged.problems) == ("ABC", ("A part of the mail is damaged.",))


def test_text_html_and_files():
    found = read(
        multipart(
            b"Content-Type: multipart/alternative; boundary=innen\n\n--innen\nContent-Type: text/plain\n\nHallo\n"
            b"--innen\nContent-Type: multipart/related; boundary=bild\n\n--bild\nContent-Type: text/html\n\n"
            b'<b>Hallo</b><img src="cid:logo@x">\n--bild\nContent-Type: image/png\nContent-ID: <logo@x>\n\n'
            + PNG
            + b"\n--bild--\n--innen--",
            b'Content-Type: application/octet-stream; name="Angebot.pdf"\nContent-Disposition: attachment\n' + b64(PDF),
        )
    )
    assert (found.text, found.html) == ("Hallo", '<b>Hallo</b><img data-src="cid:logo@x">')
    logo, offer = found.attachments
    assert (logo.content, logo.content_type, logo.content_id, logo.inline) == (PNG, "image/png", "logo@x", True)
    assert (offer.name, offer.content, offer.content_type) == ("Angebot.pdf", PDF, "application/pdf")
    assert (offer.declared_type, offer.inline) == ("application/octet-stream", False)
    assert found.problems == ()


def test_html_alone_gives_its_text():
    found = read(mail("<style>x</style><p>Guten&nbsp;Tag</p><ul><li>eins<li>zwei</ul>a<br>b", Content_Type="text/html"))
    assert found.text == "Guten Tag\n\n- eins\n- zwei\n\na\nb"


def test_texts_in_a_row_are_one_text():
    found = read(multipart("\nVorne", "Content-Type: text/html\n\n<i>Mitte</i>", "Content-Type: text/plain\n\nHinten"))
    assert found.text == "Vorne\nMitte\nHinten"
    assert found.html.count("<div") == 2
    assert "<i>Mitte</i>" in found.html


def test_html_and_text_in_a_row_beside_a_plain_form():
    rich = "--r\nContent-Type: text/html\n\n<i>Oben</i>\n--r\nContent-Type: text/plain\n\nUnten\n--r--"
    found = read(
        multipart(
            "\nOben und unten",
            f"Content-Type: multipart/mixed; boundary=r\n\n{rich}",
            kind="alternative",
        )
    )
    assert (found.text, found.html.count("Unten"), "<i>Oben</i>" in found.html) == ("Oben und unten", 1, True)


def test_a_text_file_is_a_file():
    found = read(multipart("\nHallo", 'Content-Type: text/plain; name="log.txt"\n\nZeile'))
    assert (found.text, [a.name for a in found.attachments]) == ("Hallo", ["log.txt"])
    only = read(mail("Hallo", Content_Type='text/plain; name="text.txt"'))
    assert (only.text, only.attachments) == ("Hallo", ())


@pytest.mark.parametrize(
    ("disposition", "name"),
    [
        ("attachment; filename*=utf-8''%C3%9Cbersicht%202026.pdf", "Übersicht 2026.pdf"),
        ("attachment; filename*0*=utf-8''%C3%9Cber; filename*1=sicht; filename*2=.pdf", "Übersicht.pdf"),
        ('attachment; filename="=?utf-8?q?=C3=9Cbersicht?=.pdf"', "Übersicht.pdf"),
        ('attachment; filename="../../etc/passwd"', "passwd"),
        ('attachment; filename="C:\\\\temp\\\\x.doc"', "x.doc"),
        ('attachment; filename="a\u202efdp.exe"', "afdp.exe"),
        (f'attachment; filename="{"x" * 300}.pdf"', "x" * 196 + ".pdf"),
        ("attachment; filename=ohne Anführung.pdf", "ohne Anführung.pdf"),
        ("attachment", ""),
    ],
)
def test_names_of_files(disposition, name):
    [file] = read(multipart(f"Content-Disposition: {disposition}\n\nx")).attachments
    assert file.name == name


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (PDF, "application/pdf"),
        (PNG, "image/png"),
        (b"\xff\xd8\xff\xe0\0\x10JFIF\0" + bytes(20), "image/jpeg"),
        (b"GIF89a" + bytes(20), "image/gif"),
        (b"PK\x03\x04" + bytes(26) + b"a.txt", "application/zip"),
        (b"MZ\x90\0" + bytes(60), "application/x-dosexec"),
        (b"<?xml version='1.0'?><svg xmlns='x'>", "image/svg+xml"),
        (b"  <!DOCTYPE html><p>", "text/html"),
        ("Grüße".encode(), "text/plain"),
        (bytes(range(256)), "application/octet-stream"),
    ],
)
def test_types_are_what_the_bytes_are(content, kind):
    [file] = read(
        multipart(b'Content-Type: image/jpeg; name="x.jpg"\nContent-Disposition: attachment\n' + b64(content))
    ).attachments
    if kind == "application/x-dosexec":
        assert file.content_type not in {"image/jpeg", "text/plain"}
    else:
        assert (file.content_type, file.declared_type) == (kind, "image/jpeg")


def test_winmail_and_closed_mails_are_named():
    winmail = read(multipart(b"Content-Type: application/ms-tnef; name=winmail.dat\n" + b64(b"\x78\x9f\x3e\x22xxxx")))
    assert winmail.problems == ("The attachments are in Outlook's own format (winmail.dat) and cannot be opened here.",)
    closed = read(mail("MIIB", Content_Type="application/pkcs7-mime; name=smime.p7m"))
    assert "encrypted or signed" in closed.problems[0]
    signed = read(multipart("\nHallo", "Content-Type: application/pkcs7-signature\n\nx", kind="signed"))
    assert (signed.text, len(signed.attachments), signed.problems) == ("Hallo", 1, ())


def test_a_mail_in_a_mail_is_unpacked():
    inner = multipart(
        "\nInnen", 'Content-Disposition: attachment; filename="a.txt"\n\nx', boundary="b2", Subject="Drin"
    )
    found = read(multipart("\nAußen", b"Content-Type: message/rfc822\n\n" + inner))
    [one] = found.forwarded
    assert (found.text, one.text, one.subject, one.sender.email) == ("Außen", "Innen", "Drin", "hans@hoefle.example")
    assert (found.attachments, [a.name for a in one.attachments]) == ((), ["a.txt"])


@pytest.mark.parametrize(
    "head",
    [
        "---------- Forwarded message ---------\nFrom: Eva Klein <eva@x.example>\nDate: Do., 1. Jan. 2026\n"
        "Subject: Anfrage\nTo: a@b.example",
        "-----Ursprüngliche Nachricht-----\nVon: Eva Klein [mailto:eva@x.example]\nGesendet: 1. Januar 2026\n"
        "An: a@b.example\nBetreff: Anfrage",
        "Anfang der weitergeleiteten Nachricht:\n\n> Von: Eva Klein <eva@x.example>\n> Betreff: Anfrage\n"
        "> Datum: 1. Januar 2026\n> An: a@b.example",
        "-------- Weitergeleitete Nachricht --------\nBetreff: \tAnfrage\nDatum: \tThu, 1 Jan 2026\n"
        "Von: \tEva Klein <eva@x.example>\nAn: \ta@b.example",
        "________________________________\nVon: Eva Klein <eva@x.example>\nGesendet: Donnerstag\nAn: a@b.example\n"
        "Betreff: Anfrage",
    ],
)
def test_who_wrote_a_forward_in_the_text(head):
    found = read(mail(f"Zur Kenntnis\n\n{head}\n\nGuten Tag", Subject="WG: Anfrage"))
    assert found.original_senders == (Address("Eva Klein", "eva@x.example"),)
    assert found.reply == "Zur Kenntnis"


def test_an_answer_is_no_forward():
    text = "Danke\n\nVon: Eva Klein <eva@x.example>\nGesendet: heute\nAn: a@b.example\nBetreff: Anfrage\n\nText"
    assert read(mail(text, Subject="AW: Anfrage")).original_senders == ()


EVENT = """BEGIN:VCALENDAR
METHOD:REQUEST
BEGIN:VEVENT
UID:1@x.example
SUMMARY:Besprechung für Köln
DTSTART;TZID=Europe/Berlin:20260105T100000
DTEND;TZID=Europe/Berlin:20260105T113000
ORGANIZER;CN=Eva Klein:mailto:eva@x.example
ATTENDEE;CN=Hans:mailto:hans@hoefle.example
ATTENDEE:mailto:b@x.example
END:VEVENT
END:VCALENDAR"""


def test_invitations():
    parts = ("\nHallo", f"Content-Type: text/calendar; method=REQUEST; charset=utf-8\n\n{EVENT}")
    found = read(multipart(*parts, kind="alternative")).invitation
    start = datetime.datetime(2026, 1, 5, 9, tzinfo=datetime.UTC)
    assert (found.method, found.uid, found.summary) == ("REQUEST", "1@x.example", "Besprechung für Köln")
    assert (found.starts_at, found.ends_at - found.starts_at) == (start, datetime.timedelta(minutes=90))
    assert found.organizer == Address("Eva Klein", "eva@x.example")
    assert found.attendees == (Address("Hans", "hans@hoefle.example"), Address("", "b@x.example"))


def test_a_calendar_that_cannot_be_read_is_no_invitation():
    for event in ("BEGIN:VEVENT", EVENT.replace("20260105T100000", "morgen"), "BEGIN:VCALENDAR\nBEGIN:VEVENT\n" * 50):
        found = read(mail(event, Content_Type="text/calendar"))
        assert found.invitation is None or found.invitation.starts_at is None


def test_parts_that_cannot_be_told_apart_are_text():
    found = read(mail("--anders\n\nHallo", Content_Type="multipart/mixed; boundary=grenze"))
    assert (found.text, found.problems) == ("--anders\n\nHallo", ("The parts of the mail could not be told apart.",))
    assert read(mail("Hallo", Content_Type="multipart/mixed")).text == "Hallo"
    cut = mail("--grenze\n\nHallo\n--grenze\nContent-Type: te", Content_Type="multipart/mixed; boundary=grenze")
    assert read(cut).text == "Hallo"


def test_line_ends_of_all_systems():
    raw = multipart("\nHallo\nWelt", "\nMehr")
    for ends in (b"\r\n", b"\r", b"\n"):
        assert read(raw.replace(b"\n", ends)).text == "Hallo\nWelt\nMehr"


def test_depth_is_held():
    body = "Content-Type: text/plain\n\nTief"
    for level in range(limits.DEPTH + 10):
        body = f"Content-Type: multipart/mixed; boundary=b{level}\n\n--b{level}\n{body}\n--b{level}--"
    found = read(body.encode())
    assert (found.text, limits.TOO_DEEP in found.problems) == ("", True)


def test_depth_of_mails_is_held_and_the_rest_is_a_file():
    raw = mail("Tief")
    for _level in range(limits.DEPTH + 10):
        raw = mail(raw, Content_Type="message/rfc822")
    found = read(raw)
    assert limits.TOO_DEEP in found.problems
    depth = 0
    while found.forwarded:
        [found] = found.forwarded
        depth += 1
    assert depth == limits.DEPTH
    assert found.attachments[0].content.endswith(b"Tief")


def test_the_number_of_parts_is_held():
    found = read(multipart(*["Content-Disposition: attachment\n\nx"] * (limits.PARTS + 50)))
    assert (len(found.attachments), limits.TOO_MANY_PARTS in found.problems) == (limits.PARTS, True)


def test_a_text_that_is_too_long_is_a_file_as_well():
    found = read(mail("Grüße\n" * 200_000))
    assert (len(found.text), limits.LONG_TEXT in found.problems) == (limits.TEXT, True)
    assert found.attachments[0].content.count(b"\n") == 200_000


def test_marks_in_thousands_are_thinned():
    found = read(mail("a" + "\u0300\u0316" * 20_000 + "b", Subject="o" + "\u0300\u0316" * 10_000))
    assert (len(found.text) < 40, found.text[-1], len(found.subject) < 40) == (True, "b", True)


def test_problems_are_said_once_and_not_without_end():
    found = read(multipart(*["Content-Type: multipart/mixed\n\nx"] * 100, Date=None))
    assert len(found.problems) == len(set(found.problems)) == 2
